"""How the files in ``weights/`` were made, from MakeHuman's assets (CC0) up.

renderer/    z -> T(z): traits, morphs, colours (traits) -> posed head, FFHQ's crop (figure) ->
             parts and light (portrait) -> picture, points, landmarks (scene, OpenGL through EGL)
             -> arrays on disk (render: resumable, several processes)
generator/   mapping: w tells T(z), on codes of which nothing is drawn; train: 64 px whole, 256 px
             in windows (patch); adversarial: sharpened, where CUDA is
parallel/    processes that train together; on CUDA, recorded steps
nets/        the encoder, on the same renders; landmark_map: where the
             model's own pictures show a face's points
export       a checkpoint -> weights/embedded/faces.safetensors"""
