"""Labels, and what is read from them: from a tag to a printed code, from a photo to a tag.

For a sheet, in this order:

    stock               the sheets that can be printed on: those on sale, and a user's own
    template            what is written on a label, for each kind of thing that gets one
    layout, adjust      where each label is, and the correction of a printer
    qr, fit, fonts      a text as modules, words fitted to their room
    pdf                 pages with labels on them, the calibration page, a preview

`card` draws contents cards. `rolls` draws for label printers, `printer` sends a file to one, and
`photos` reads codes. Nothing is imported here, so that a command that prints no labels does not
load the libraries that draw them: import the module you need.
"""
