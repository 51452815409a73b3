"""The page: what its buttons do, what it shows, which tabs are open."""
