"""How much one visitor may ask for, and all of them together. SECURITY.md has the same in words."""

BODY_BYTES = 2_000_000
"""Of a request that is no upload."""
BODY_SECONDS = 30
"""Until such a request must be here whole."""
JSON_DEPTH = 12
"""Lists in lists, and objects in objects."""
JSON_VALUES = 100_000
"""Numbers, texts, lists and objects in one request."""
LARGEST_NUMBER = 1e15
TEXT_LENGTH = 5_000
"""Characters of one text."""
INPUTS = 40
"""Values of one event."""

UPLOAD_BYTES = 250_000_000
"""Of one upload; a saved session holds the photo without loss."""
UPLOAD_FILES = 4
"""In one upload."""
UPLOAD_SECONDS = 600
"""Until an upload must be here whole, and how long it then waits to be used."""
UPLOADS_WAITING = 32
"""Uploads of one address that are on their way, or that nothing has read yet."""
UPLOADS_AT_ONCE = 40
"""Uploads of all that are on their way."""
UPLOADS_BYTES = 4_000_000_000
"""Uploads and results of all, on the disk."""
RESULT_SECONDS = 1_800
"""How long a result of the HTTP API can be fetched."""

UNREAD_SECONDS = 600
"""How long the answer to a call of the HTTP API can be read."""

BURST = 400
"""Requests of one address at once ..."""
REQUESTS_PER_SECOND = 50
"""... and how many more each second."""
OPEN_REQUESTS = 500
"""Requests of one address that are not answered yet; an open tab holds two."""
OPEN_REQUESTS_OF_ALL = 3_000

WAITING_OF_SESSION = 2
"""Pieces of work of one tab or client: one at work, one that waits."""
CLICKS_WAITING = 10
"""Of one tab: what is done in a moment, such as undo."""
WAITING_OF_ADDRESS = 128
WAITING_OF_ALL = 200
"""Beyond, only those are let in of whose address nobody waits ..."""
WAITING_AT_MOST = 300
"""... and beyond this nobody."""

IDLE_SECONDS = 1_800
"""After the last click a photo is forgotten."""
CLOSED_SECONDS = 60
"""After a tab was closed, likewise; one that is only loaded again is back before."""
ALONE_SECONDS = 30
"""Work that no page follows, because its connection broke, goes on so long while others wait."""
VISITS = 1_000
"""Tabs that are remembered."""
VISIT_MEGABYTES = 2_000
"""Photos and their versions of all tabs in memory; DRAGPHOTO_MEMORY sets another number."""
SESSIONS = 200
"""Tabs of which Gradio remembers the settings of components; they are a few hundred kB each."""
LOG_LINE = 500
"""Characters."""
