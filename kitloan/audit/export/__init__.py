"""The report in the forms that people use; every one is made from the same tables.

One module a form, so that a page does not load a spreadsheet's library, nor the other way round.
"""
