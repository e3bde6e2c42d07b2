"""Evidence: what the kits did. Schools, engagements, evaluations, and what may be published.

schoollist    a published list of schools, by its headings: a file to rows
councils      the names and codes of Scotland's councils
schools       lists by vintage, searching them, and linking borrowers to schools
bands         learners by band, from how people write them
engagements   one use by one group: recording, correcting, withdrawing, listing
evaluations   the nine questions, and the line of text that a form becomes
disclosure    what may be printed outside ESP: pure
"""
