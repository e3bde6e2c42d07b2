"""Label sheets and what is read back from them: from a tag to a printed QR code, and from a photo
to a tag.

One way through: `stock` knows the sheets that one can buy, `layout` says where each label and
what is on it lies, `qr` turns a tag into modules, `fit` brings words into the room they have,
`pdf` draws. `read` is the way back. Nothing is imported here, so that a command which prints no
labels does not pay for the libraries that draw them: import the module you need.
"""
