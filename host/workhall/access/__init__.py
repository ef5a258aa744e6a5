"""Who is calling, and what is theirs: one module for every door (REST, sockets, event streams, files)."""
