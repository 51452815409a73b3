"""What Gradio needs around the editor.

    canvas/      one SVG in px of the picture, drawn anew from its state. Value: what was drawn,
                 which Python replaces by a new serial; props: what Python shows beside it
    door/        before Gradio: routes, sizes, rates; files by who sent them; inputs by kind
    connection/  which tab it is that loads the page, and what happens when the line breaks
    page/        handlers: generators, TabState in, Screen (a dict of new contents) out; OpenTabs:
                 kept by idle time and memory; events: state and toasts around every handler
    api/         the public HTTP API
    line.py      work in turn: next is who was served longest ago
    work_lock.py one piece of work at a time; who waits is told, and can stop
    job.py       work that goes on while no page follows it
    gpu.py       the only caller of a network: generators with picklable arguments and items, so
                 that on ZeroGPU they run in a process with a GPU
    watch.py     for programs that watch the app: /healthz and, if the host wants it, /metrics
    metrics.py   (figures for Prometheus); log.py: the program's own words as JSON

Frames travel as data URLs: no file is left behind. A handler ends with the page in order, whatever
happened: Stop is a flag that is looked at after each step, work goes on without a page until it
gives way to others, an error shows one sentence."""
