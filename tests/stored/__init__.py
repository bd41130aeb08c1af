"""What earlier versions stored: their logs, their Redis, and the answers that their keyed writes got.

`format_N.json` is of the last version but one whose Redis had format N (`FORMAT` in `adapters/lua/prelude.lua`). It is
made by `python -m tests.stored.capture PATH`, run in a checkout of that version. It holds no secret: of an API key it
has the digest, as the log has.
"""
