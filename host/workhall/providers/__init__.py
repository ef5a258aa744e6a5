"""The kit for plugins that call provider APIs.

Its modules are imported by name, so that a plugin pays only for what it uses:

- ``workhall.providers.guard``: which addresses an outgoing connection may reach;
- ``workhall.providers.client``: an httpx client that reaches nothing else;
- ``workhall.providers.download``: a bounded download from a URL that somebody else chose.
"""
