"""Inspections: what has to be inspected how often, what was found, and what gates lending.

No interval comes with kitloan: the person who is responsible for the equipment sets it, by risk.
`results` has the verbs and the list. `gate` is asked inside the transaction that lends.
"""
