"""Labels, and what is read back from them: from a tag to a printed code, from a photo to a tag.

One way through, for a sheet:

    stock, own_stock    the sheets that one can buy, and a user's own
    template            what is written on a label, for each kind of thing that gets one
    layout, adjust      where each label lies, and what makes up for the printer
    qr, fit, fonts      a text as modules, words brought into their room
    document, pdf       pages, and labels drawn on them

`contents_card` and `calibrate` draw other pages, `preview` makes a picture of the first. `roll`
and its neighbours draw for label printers; `read` is the way back. Nothing is imported here, so
that a command which prints no labels does not pay for the libraries that draw them: import the
module you need.
"""
