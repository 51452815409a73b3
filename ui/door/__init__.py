"""The door: what comes over the wire is checked here, once, before anything is done with it.

    request -> middleware.py   where it may go, how large and how deep it is, how often, from where
            -> uploads.py      files: received into a folder that no name tells, handed out once
            -> page.py         each event's inputs, by the kind of component (schema.py)

Every limit has its name in limits.py; SECURITY.md lists them.
"""
