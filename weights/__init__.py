"""Names -> verified bytes -> Generator.

    hub/          find: a file, a fetched model, or a sentence (cache); a frozen table of public
                  models with size, sha256, licence, domain (catalogue); downloads that go on where
                  they stopped (fetch, source); what can be offered without building it (offers)
    checkpoints   open_model: any file, told by its content, whoever published it
    formats       ours: safetensors
    reader/       pickles as data: bytes -> opcodes -> plain values, within limits; the names that
                  are allowed, none looked up; torch's containers; numbers still in the file
    embedded/     the model `faces`, its card, and the encoder
    published/    the names of others -> ours (nvidia, tensorflow, rosinality); shapes -> Config

A published pickle carries Python source that its maker's loader runs; a poisoned one cannot be told
from a genuine one. So nothing is run, and what is neither a number nor the description of a known
network is refused in a sentence. Sizes are checked before memory is asked for, and G and D stay in
the file when only G_ema is wanted."""
