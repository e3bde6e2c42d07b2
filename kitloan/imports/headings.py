"""What people write above a column, and which fields it may mean.

Every college heads its columns in its own words. So the words are tables: `WORDS` has, for each
field, what people call it, best first; `EITHER` has the words that mean one of several fields and
leave the choice to what the column holds; `HARMLESS` has words that make a column none of ours.
A heading is compared by the stems of its words: "Lent out to", "Loaned to" and "lending_to" are
one.
A new heading is one phrase in one row of a table.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

WORDS: dict[str, tuple[str, ...]] = {
    "tag": ("tag", "kitloan tag", "kl tag", "kitloan code", "kitloan label"),
    "asset_number": (
        *("asset number", "kit number", "asset tag", "asset id", "asset tag number", "tag number"),
        *("asset ref", "asset code", "asset", "kit id", "kit ref", "kit code", "college number"),
        *("item number", "item id", "item ref", "item code", "equipment number", "device number"),
        *("equipment id", "inventory number", "inventory code", "barcode", "barcode number"),
        *(
            "ref number",
            "ref",
            "id",
            "code",
            "unique id",
            "unique number",
            "box number",
            "set number",
        ),
        *(
            "device id",
            "equipment ref",
            "equipment code",
            "stock number",
            "stock code",
            "part number",
        ),
        *(
            "our number",
            "our ref",
            "label number",
            "sticker number",
            "accession number",
            "case number",
        ),
        *("inventory id", "resource number", "resource id", "resource code", "register number"),
        *("asset register number", "product code", "sku", "identifier", "id number", "bag number"),
        *(
            "àireamh",
            "bar code",
            "asset label",
            "inv number",
            "inv ref",
            "property number",
            "plant number",
        ),
    ),
    "type": (
        *("kit type", "type of kit", "item type", "equipment type", "resource type"),
        *("kit name", "item name", "resource name", "equipment name", "name of kit", "part name"),
        *("name of item", "kit", "kits", "item", "items", "equipment", "resource", "resources"),
        *("product", "kit description", "item description", "description of kit", "asset name"),
        *("description of item", "equipment description", "asset description", "asset type"),
        *("name of equipment", "name of resource", "product name", "commodity", "article", "what"),
        *("kit title", "item title", "device", "device name", "device type", "tool", "apparatus"),
        *("name of asset", "type of equipment", "type of item", "type of resource", "thing", "set"),
        *("kit loaned", "item loaned", "equipment loaned", "kit borrowed", "item borrowed"),
        *("uidheam", "acfhainn", "nì"),
        *("hardware", "instrument", "part", "material", "kit or item", "equipment item", "eq item"),
    ),
    "own_name": ("nickname", "kit nickname", "known as", "own name", "called", "pet name"),
    "category": (
        *(
            "category",
            "group",
            "class",
            "subject",
            "subject area",
            "department",
            "faculty",
            "topic",
        ),
        *("curriculum area", "area", "family", "theme", "equipment category", "item category"),
        *("kit category", "equipment group", "asset class", "asset category", "classification"),
    ),
    "quantity": (
        *("quantity", "how many", "number of kits", "number of items", "quantity held", "amount"),
        *(
            "number of",
            "number held",
            "count",
            "units",
            "stock level",
            "total quantity",
            "number owned",
        ),
        *(
            "in stock",
            "stock",
            "number of units",
            "total number",
            "quantity owned",
            "number in stock",
        ),
        *("pieces", "pcs", "number of pieces", "no in set", "number of sets", "quantity in stock"),
        *("number available", "total stock", "holding", "quantity total", "total held"),
        *("number in store", "quantity in store", "number here", "number left", "number remaining"),
    ),
    "quantity_out": (
        *("quantity out", "number out", "out quantity", "quantity on loan", "number on loan"),
        *("quantity away", "number away", "how many away", "quantity with schools", "units away"),
        *("quantity loaned", "number lent", "how many out", "how many on loan", "quantity lent"),
        *("quantity issued", "number borrowed", "quantity borrowed", "number loaned", "units out"),
        *(
            "amount on loan",
            "amount out",
            "number issued",
            "items out",
            "loaned quantity",
            "total out",
        ),
        *(
            "number of kits out",
            "kits out",
            "quantity checked out",
            "how many lent",
            "how many loaned",
        ),
    ),
    "location": (
        *(
            "location",
            "àite",
            "where kept",
            "kept at",
            "kept in",
            "where stored",
            "storage location",
        ),
        *("stored at", "stored in", "store room", "store", "storage", "campus", "site", "bench"),
        *(
            "building",
            "room",
            "cupboard",
            "shelf",
            "place",
            "base",
            "room number",
            "classroom",
            "drawer",
            "bin",
        ),
        *("usual location", "where is it kept", "store location", "kept", "home location", "rack"),
        *(
            "location name",
            "storage room",
            "normal location",
            "storage place",
            "location in college",
        ),
        *(
            "where is it stored",
            "storage area",
            "lab",
            "cabinet",
            "stored",
            "locker",
            "bay",
            "zone",
        ),
        *("shelf number", "cupboard number", "default location", "permanent location", "area kept"),
        *("location a", "location b", "location 1", "location 2", "sub location", "floor"),
        *(
            "department location",
            "place kept",
            "home base",
            "lives in",
            "lives at",
            "box location",
            "based at",
        ),
    ),
    "serial": (
        *("serial number", "serial", "sn", "manufacturer serial", "serial code", "makers number"),
        *("manufacturers number", "device serial", "serial id", "imei"),
    ),
    "condition": (
        *("condition", "condition of kit", "condition of item", "state of repair"),
        *("working order", "working", "quality", "fault", "faults", "damage", "condition notes"),
    ),
    "donor": (
        *("donor", "donated by", "name of donor", "donor name", "given by", "gift of"),
        *("gift from", "gifted by", "presented by", "provided by", "received from"),
        *("sponsor", "sponsored by", "donation from", "donor organisation", "where from"),
        *("who donated", "donated from", "supported by", "courtesy of"),
    ),
    "funding_source": (
        *("funding source", "source of funding", "source of funds", "funded by", "funding"),
        *("funder", "fund", "funding stream", "grant", "budget", "budget code", "cost centre"),
        *("paid for by", "bought with", "grant name", "grant ref"),
    ),
    "title": (
        *("legal title", "title held", "ownership", "terms of gift", "terms", "gift terms"),
        *("basis of holding", "held as"),
    ),
    "document": (
        *("document", "document ref", "deed of gift", "gift letter", "gift agreement"),
        *("loan agreement", "agreement", "letter", "paperwork", "agreement ref"),
    ),
    "gift": ("gift id", "esp gift", "gift number", "gift code", "tranche", "gift ref"),
    "acknowledgement": ("acknowledgement", "donor acknowledgement", "credit line"),
    "value": (
        *("value", "unit value", "value each", "replacement value", "replacement cost"),
        *("insurance value", "current value", "estimated value", "value gbp", "purchase value"),
        *("value in pounds", "unit price", "price each", "unit cost", "cost each", "purchase cost"),
        *(
            "purchase price",
            "price",
            "cost",
            "worth",
            "valuation",
            "net book value",
            "insured value",
        ),
        *("cost price", "approx cost", "book value", "nbv", "original cost", "price paid"),
        *("price per item", "cost per item", "price per unit", "cost per unit", "value per item"),
        *("asset value", "rrp", "approx value", "item value", "item cost", "replacement price"),
        *("each", "est value", "cost new", "item price", "acquisition cost", "amount paid"),
    ),
    "total_value": (
        *("total value", "line total", "total cost", "total price", "line value", "extended price"),
        *("value total", "cost total", "price total", "sum", "total", "stock value", "total worth"),
        *("line cost", "overall cost", "subtotal"),
    ),
    "value_basis": (
        *("value basis", "basis of value", "basis of valuation", "valuation basis"),
        *("how valued", "basis"),
    ),
    "valued_on": (
        *("valued on", "date valued", "valuation date", "date of valuation", "value date"),
        *("valued",),
    ),
    "received_on": (
        *("received on", "date received", "received", "date of receipt", "receipt date"),
        *("date of gift", "gift date", "date donated", "donated on", "date acquired"),
        *("acquired on", "acquired", "acquisition date", "date purchased", "date of purchase"),
        *("purchase date", "date bought", "date delivered", "purchased", "date added", "bought"),
        *("delivered", "delivery date", "donated", "donation date", "date in", "added on"),
        *("date obtained", "date of acquisition", "in service date", "date of delivery", "added"),
        *(
            "purchase time",
            "bought on",
            "purchased on",
            "arrival date",
            "date arrived",
            "invoice date",
        ),
        *("year of purchase", "date got", "commissioned", "date commissioned", "date registered"),
    ),
    "last_sighted_on": (
        *("last sighted on", "last sighted", "last seen on", "last seen", "last checked on"),
        *("last checked", "date last checked", "date last seen", "checked on", "date checked"),
        *("sighted on", "date sighted", "sighted", "checked", "last check", "last inspected"),
        *("inspected", "last audited", "last audit", "last counted", "seen on", "audit date"),
        *("date seen", "inspection date", "stock check", "date audited", "stocktake", "seen"),
        *("last stocktake", "date of last check", "date inspected", "audited", "check date"),
        *(
            "stock check date",
            "last stock check",
            "date counted",
            "stocktake date",
            "last verified",
        ),
        *("verified", "date verified", "date of audit", "date last seen", "audited on"),
        *("inspected on", "last inventory", "inventory date", "confirmed", "last confirmed"),
    ),
    "on_loan_to": (
        *("on loan to", "loaned to", "lent to", "loan to", "current borrower", "borrower"),
        *("borrowed by", "issued to", "out to", "currently with", "who has it", "lent out to"),
        *("borrowing school", "on loan with", "out on loan to", "held by", "assigned to"),
        *("checked out to", "borrower name", "name of borrower", "given to", "booked out to"),
        *("signed out to", "currently on loan to", "custodian", "current holder", "holder"),
        *(
            "borrower school",
            "borrowing organisation",
            "checked out by",
            "signed out by",
            "out with",
        ),
        *("booked out by", "loanee", "lendee", "hired to", "hired by", "hirer", "lent", "taken by"),
        *("user allocated", "allocated to", "with", "who has this", "currently held by", "sent to"),
        *("issued", "loan school", "school borrowing", "school on loan to", "borrower details"),
        *("person borrowing", "booked to", "in use by", "used by", "in custody of", "custody of"),
        *(
            "has it now",
            "who has it now",
            "who with",
            "to whom",
            "whom",
            "with whom",
            "at school",
            "lending to",
        ),
        *("loan recipient", "recipient", "loaned out to", "lent school", "current user", "user"),
        *(
            "currently lent to",
            "currently at",
            "out at",
            "in possession of",
            "borrower organisation",
        ),
        *("responsible school", "client", "customer", "member", "patron", "establishment"),
        *("who borrowed", "borrowed by school", "taken out by", "collected by", "delivered to"),
        *("last loaned to", "handed to", "passed to", "school with", "school has it"),
        *(
            "recipient school",
            "destination school",
            "loaned school",
            "school loaned to",
            "has got it",
            "whos got it",
            "who has got it",
            "whos got this",
            "on loan at",
            "out on loan at",
            "lent school name",
            "presently with",
            "now with school",
            "kit is with",
            "air iasad aig",
        ),
    ),
    "borrower_person": (
        *(
            "borrower first name",
            "borrower last name",
            "teacher borrowing",
            "borrower contact name",
        ),
        *("pupil", "student", "student name", "pupil name", "staff member", "member of staff"),
        *("borrowing teacher", "loaned to teacher", "teacher who has it"),
    ),
    "borrower_kind": ("checkout type", "borrower type", "type of borrower"),
    "due_on": (
        *("due back on", "due back", "date due back", "due on", "due date", "date due"),
        *("return due", "due for return", "return by", "to be returned", "back by", "due"),
        *("expected back", "expected return date", "until", "on loan until", "loan end date"),
        *("date for return", "date to be returned", "expected return", "expected checkin date"),
        *(
            "checked out until",
            "loan until",
            "out until",
            "return expected",
            "due in",
            "end of loan",
        ),
        *("loan ends", "loan end", "borrowed until", "lent until", "expected date back", "till"),
        *("return due date", "due return", "due to return", "date expected back", "loan expires"),
        *("expected checkin", "date back by", "must be back", "return deadline"),
        *(
            "due to be returned",
            "loan due",
            "planned return",
            "planned return date",
            "loaned until",
        ),
        *("loan expiry", "loan expiry date", "needed back", "needed back by", "expected in"),
        *("extended to", "extended until", "new due date", "revised due date", "renewed until"),
        *("to be back", "to come back", "agreed return date", "agreed return", "end date"),
        *(
            "loan due date",
            "due back date",
            "when back",
            "when due",
            "when due back",
            "when is it back",
            "return date due",
            "expected back date",
            "out till",
        ),
        *("wanted back", "wanted back by", "want back", "hire end", "hire end date", "hire ends"),
        *("uplift date", "uplift on", "uplift due", "collection due", "collect on", "collect by"),
        *("home by", "to be collected", "collection date", "date of uplift", "loan finishes"),
        *("loan to end", "borrowed till", "finish date", "finishes", "coming back", "comes back"),
        *("comes back on", "return to college by", "recall date", "recall on", "ri thilleadh"),
    ),
    "out_on": (
        *("date out", "loan date", "lent on", "date lent", "date loaned", "loaned on", "out on"),
        *("date borrowed", "borrowed on", "checkout date", "date of loan", "loan start date"),
        *("date issued", "issued on", "issue date", "checkout start", "loan start", "out since"),
        *("on loan since", "on loan from", "since", "date taken", "date collected", "collected on"),
        *(
            "date signed out",
            "signed out on",
            "checked out on",
            "date checked out",
            "booked out on",
        ),
        *("loan began", "start of loan", "date sent", "sent on", "start date", "loan out date"),
        *("loaned from", "date of issue", "out date", "lent since", "with them since", "collected"),
        *(
            "date booked out",
            "taken on",
            "date given",
            "loan from date",
            "date went out",
            "sent out",
        ),
        *("lent from", "went out", "date out on loan", "loaned since", "taken out on"),
        *(
            "sent",
            "dispatched",
            "date dispatched",
            "despatched",
            "date despatched",
            "hire start",
            "hire start date",
            "hired on",
            "hired from",
            "uplifted by school on",
            "date given out",
            "given out",
            "given out on",
            "left college",
            "left on",
            "date left",
            "delivered to school",
            "loan commenced",
            "commencement of loan",
            "loan commences",
        ),
    ),
    "returned_on": (
        *("date returned", "returned on", "actual return date", "returned date", "date back"),
        *("checked in on", "checkin date", "actual return", "date came back", "came back"),
        *(
            "date checked in",
            "date of return",
            "date received back",
            "received back",
            "date back in",
        ),
        *("signed in on", "date signed in", "back in", "brought back", "given back", "handed back"),
        *("handed in", "handed in on", "date handed in", "brought in", "back with us", "is back"),
        *(
            "signed back in",
            "returned to store",
            "date handed back",
            "date brought back",
            "back in on",
        ),
        *("loan returned", "returned to college", "checked in", "signed in", "date in back"),
        *("last checkin date", "is returned", "kit returned", "has been returned"),
        *(
            "uplifted",
            "uplifted on",
            "date uplifted",
            "home on",
            "date home",
            "back home",
            "got back",
            "got back on",
            "recovered on",
            "date recovered",
            "hire returned",
            "received back on",
            "in again",
            "actual date back",
            "return actual",
            "date collected back",
        ),
    ),
    "status": (
        *("status", "availability", "on loan status", "loan status", "kit status", "item status"),
        *(
            "asset status",
            "current status",
            "available",
            "on loan",
            "in or out",
            "in out",
            "out in",
            "is available",
        ),
        *(
            "lent out",
            "on loan now",
            "currently on loan",
            "checked out",
            "out on loan",
            "at present",
        ),
        *("is it out", "out or in", "lifecycle", "disposal status", "equipment status", "disposed"),
        *(
            "here or out",
            "on loan yn",
            "available yn",
            "lost",
            "stock status",
            "withdrawn",
            "signed out",
        ),
        *(
            "missing",
            "scrapped",
            "is on loan",
            "borrowed",
            "currently out",
            "in college",
            "whereabouts",
        ),
        *(
            "available for loan",
            "status of kit",
            "status of item",
            "written off",
            "out yn",
            "not in store",
            "not here",
            "not in",
            "booked out",
        ),
        *("situation", "away", "is it away", "is it here", "current situation", "loan state"),
        *("current state", "state of play", "position now", "stock position", "action", "stat"),
        *("outstanding", "is it outstanding", "still out", "still on loan", "still with borrower"),
    ),
    "contact": (
        *("contact", "contact name", "name of contact", "contact person", "borrower contact"),
        *("school contact", "contact teacher", "teacher", "name of teacher", "teacher name"),
        *("lead teacher", "borrowers contact", "teacher responsible", "responsible teacher"),
        *(
            "teacher in charge",
            "contact at school",
            "school staff",
            "staff contact",
            "loan contact",
        ),
        *("teacher contact", "class teacher", "person responsible", "responsible person"),
        *("contact in school", "named contact", "main contact", "signed for by", "signed by"),
    ),
    "contact_email": (
        *("contact email", "email", "email address", "teacher email", "borrower email"),
        *("school email", "email of contact", "contact email address"),
    ),
    "contact_phone": (
        *("contact phone", "phone", "phone number", "telephone", "telephone number"),
        *("contact telephone", "contact number", "tel", "tel number", "contact tel"),
        *("mobile", "mobile number", "teacher mobile", "school phone", "contact mobile"),
        *("borrower phone", "school telephone", "phone contact"),
    ),
    "home_college": (
        *("home college", "owning college", "college", "college name", "owner", "owned by"),
        *("holding college", "host college", "lead college"),
    ),
    "remarks": (
        *("note", "notes", "remark", "remarks", "comment", "comments", "info", "information"),
        *("details", "further details", "other", "other notes", "general notes", "observations"),
    ),
}
"""By field, what people call it, best first: a new heading is a phrase here."""

FIELDS = tuple(name for name in WORDS if name != "remarks")

EITHER: dict[str, tuple[str, ...]] = {
    "return date": ("due_on", "returned_on"),
    "return": ("due_on", "returned_on"),
    "return on": ("due_on", "returned_on"),
    "returned": ("returned_on", "due_on"),
    "back": ("due_on", "returned_on", "status"),
    "back on": ("returned_on", "due_on"),
    "date back": ("returned_on", "due_on"),
    "date of return": ("returned_on", "due_on"),
    "from": ("donor", "out_on"),
    "source": ("donor",),
    "to": ("on_loan_to", "due_on"),
    "for": ("on_loan_to",),
    "out": ("out_on", "quantity_out", "on_loan_to", "status"),
    "in": ("returned_on", "quantity", "status"),
    "on loan": ("status", "quantity_out", "on_loan_to", "out_on"),
    "loan": ("status", "on_loan_to", "out_on", "quantity_out"),
    "loaned by": ("on_loan_to", "donor"),
    "lent by": ("donor", "on_loan_to"),
    "loan out": ("out_on", "quantity_out", "on_loan_to"),
    "loan back": ("returned_on", "due_on"),
    "loan in": ("returned_on",),
    "loans": ("quantity_out", "on_loan_to"),
    "loaned": ("on_loan_to", "out_on", "quantity_out", "status"),
    "loaned out": ("on_loan_to", "out_on", "quantity_out", "status"),
    "lent": ("on_loan_to", "out_on", "quantity_out", "status"),
    "lent out": ("on_loan_to", "out_on", "quantity_out", "status"),
    "borrowed": ("on_loan_to", "out_on", "quantity_out", "status"),
    "issued": ("on_loan_to", "out_on", "quantity_out", "status"),
    "checked out": ("on_loan_to", "out_on", "quantity_out", "status"),
    "signed out": ("out_on", "on_loan_to", "status"),
    "booked out": ("out_on", "on_loan_to", "status", "quantity_out"),
    "issue": ("out_on", "on_loan_to", "status"),
    "checkout": ("out_on", "on_loan_to", "status"),
    "date": ("out_on",),
    "dates": ("out_on",),
    "name": ("type", "own_name", "borrower_person", "contact"),
    "title": ("title", "type"),
    "description": ("type",),
    "model": ("type",),
    "model name": ("type",),
    "type": ("type", "category"),
    "category": ("category", "type"),
    "kind": ("type", "category"),
    "box": ("type", "asset_number", "location"),
    "case": ("asset_number", "type"),
    "bag": ("asset_number", "location", "type"),
    "number": ("asset_number", "quantity"),
    "no": ("asset_number", "quantity"),
    "item number": ("asset_number", "quantity"),
    "number of item": ("quantity",),
    "label": ("asset_number", "type"),
    "state": ("condition", "status"),
    "status": ("status", "condition"),
    "school": ("on_loan_to",),
    "sgoil": ("on_loan_to",),
    "iasad": ("status", "on_loan_to", "out_on", "quantity_out"),
    "ainm": ("type", "own_name", "borrower_person", "contact"),
    "schools": ("on_loan_to",),
    "school name": ("on_loan_to",),
    "name of school": ("on_loan_to",),
    "organisation": ("on_loan_to",),
    "organisation name": ("on_loan_to",),
    "establishment": ("on_loan_to",),
    "centre": ("on_loan_to", "location"),
    "academy": ("on_loan_to",),
    "nursery": ("on_loan_to",),
    "primary": ("on_loan_to",),
    "company": ("on_loan_to", "donor"),
    "partner": ("on_loan_to", "donor"),
    "user": ("on_loan_to",),
    "used by": ("on_loan_to", "category"),
    "with": ("on_loan_to", "location"),
    "client": ("on_loan_to",),
    "customer": ("on_loan_to",),
    "member": ("on_loan_to",),
    "held by": ("on_loan_to", "location", "home_college"),
    "held at": ("location", "on_loan_to"),
    "sent to": ("on_loan_to",),
    "at": ("location", "on_loan_to"),
    "at present": ("status", "location", "on_loan_to"),
    "destination": ("on_loan_to", "location"),
    "who": ("on_loan_to", "contact"),
    "where": ("location", "on_loan_to"),
    "where now": ("location", "on_loan_to"),
    "where is it": ("location", "on_loan_to"),
    "where is it now": ("on_loan_to", "location"),
    "current location": ("location", "on_loan_to"),
    "currently": ("on_loan_to", "location", "status"),
    "whereabouts": ("location", "on_loan_to", "status"),
    "library": ("location", "on_loan_to"),
    "until": ("due_on",),
    "end date": ("due_on",),
    "end": ("due_on",),
    "ends": ("due_on",),
    "finish": ("due_on",),
    "when": ("out_on",),
    "start": ("out_on", "received_on"),
    "start date": ("out_on", "received_on"),
    "since": ("out_on", "received_on"),
    "collected": ("out_on", "status"),
    "checked": ("last_sighted_on", "status"),
    "checked in": ("returned_on", "status"),
    "available": ("status", "quantity"),
    "in stock": ("quantity", "status"),
    "stock": ("quantity", "type"),
    "total": ("quantity", "total_value"),
    "missing": ("status", "condition"),
    "disposed": ("status",),
    "donated": ("received_on", "donor"),
    "purchased": ("received_on", "donor"),
    "supplier": ("supplier",),
    "responsible": ("contact",),
    "teacher": ("contact", "borrower_person"),
    "lead": ("contact",),
    "staff": ("contact",),
    "date in": ("received_on", "returned_on"),
    "in date": ("received_on", "returned_on"),
    "working": ("condition", "status"),
    "department": ("category",),
    "contents": ("type",),
    "faculty": ("category",),
    "location": ("location", "on_loan_to"),
}
"""Words with several meanings, the likeliest first: what the column holds decides."""

_HARMLESS_WORDS = """
warranty guarantee expire expiry calibrate calibration pat tested test service maintenance
inspection review eol replace replacement licence license insurance insured support renewal
subscription end-of-life battery next certificate photo image picture url link website video
lifecycle depreciation invoice order po supplier manufacturer make maker brand vendor email
printed reserved reservation requested wanted waiting future planned previous prev former ex
weight size dimensions colour width height certificate
"""
HARMLESS = frozenset(_HARMLESS_WORDS.split())
"""A column headed with one of these is none of a loan's, whatever days or names it holds."""

_BLOCKERS: dict[str, frozenset[str]] = {
    "value": frozenset({"total", "000", "basis", "date", "000s", "k", "line", "score", "on"}),
    "last_sighted_on": frozenset({"by", "who", "next", "pat", "initial", "name"}),
    "received_on": frozenset({"by", "from", "back", "who", "cost", "price", "value", "to"}),
    "quantity": frozenset(
        {"out", "away", "lend", "issue", "value", "missing", "price", "minimum", "reorder"}
    ),
    "type": frozenset(
        {"date", "number", "quantity", "value", "cost", "by", "borrow", "due", "lend"}
    ),
    "asset_number": frozenset({"phone", "serial", "order", "invoice", "model", "room", "of"}),
    "location": frozenset({"lend", "date", "donor"}),
    "on_loan_to": frozenset(
        {"date", "return", "due", "until", "quantity", "number", "email", "phone"}
    ),
    "status": frozenset({"date", "by", "to"}),
    "due_on": frozenset({"by-whom"}),
    "contact": frozenset({"email", "phone", "number"}),
}
"""Words that forbid a field when a phrase explains only a part of a heading."""

_SPLIT_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W_]+")
_BRACKETS = re.compile(r"\((?![^)]*000)[^)]*\)")
_PIECES = re.compile(r"\s*(?:[/&\n|]|\bor\b|\band\b)\s*")
_ALIKE = {
    **dict.fromkeys(("no", "nr", "num", "numbers", "nos", "№", "n°"), "number"),
    **dict.fromkeys(("qty", "qnty", "quantities", "quant", "qtty"), "quantity"),
    **dict.fromkeys(("reference", "refs", "refno"), "ref"),
    **dict.fromkeys(("loc", "locn", "locations"), "location"),
    **dict.fromkeys(("desc", "descr", "descriptions"), "description"),
    **dict.fromkeys(
        ("loan", "loans", "loaned", "lent", "lend", "lending", "loaning", "lended"), "lend"
    ),
    **dict.fromkeys(("borrower", "borrowers", "borrowed", "borrowing", "borrows"), "borrow"),
    **dict.fromkeys(("returned", "returns", "returning", "rtn", "retn", "rtd"), "return"),
    **dict.fromkeys(("issued", "issues", "issuing"), "issue"),
    **dict.fromkeys(("assigned", "allocated", "assignee", "allocation"), "assign"),
    **dict.fromkeys(("organization", "organisations", "organizations", "org"), "organisation"),
    **dict.fromkeys(("till", "til", "untill"), "until"),
    **dict.fromkeys(("expected", "exp", "expect"), "expected"),
    **dict.fromkeys(("kits",), "kit"),
    **dict.fromkeys(("items",), "item"),
    **dict.fromkeys(("resources",), "resource"),
    **dict.fromkeys(("equip", "eqpt", "eqmt", "eq", "equipments"), "equipment"),
    **dict.fromkeys(("dates", "dt"), "date"),
    **dict.fromkeys(("schools", "sch"), "school"),
    **dict.fromkeys(("mob",), "mobile"),
    **dict.fromkeys(("bought", "purchased", "purch"), "purchase"),
    **dict.fromkeys(("acq",), "acquisition"),
    **dict.fromkeys(("approximate", "approximately", "est", "estimated", "appx"), "approx"),
    **dict.fromkeys(("checkedout", "checkout"), "checkout"),
    **dict.fromkeys(("gbp", "pounds", "£"), "gbp"),
    **dict.fromkeys(("e",), "e"),
}
_LIGHT_WORDS = """
kit item equipment asset the a an of is it its are this that current currently name please our
details list gbp e on stem library piece in now at present whole full
"""
_LIGHT = frozenset(_LIGHT_WORDS.split())
"""Words that hardly change what a heading means."""
_JOINED = (("e-mail", "email"), ("s/n", "serial number"), ("y/n", "yn"), ("bar-code", "barcode"))


@lru_cache(maxsize=4096)
def squeeze(text: str) -> str:
    """`text` by its letters and digits alone: "Kit No." and "KIT_NO" are one, and so is "Kit #"."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("#", "no")
    return "".join(character for character in text if character.isalnum())


@lru_cache(maxsize=4096)
def stems(text: str) -> tuple[str, ...]:
    """The words of a heading as they are compared: without case, endings and abbreviations."""
    text = _SPLIT_CASE.sub(" ", unicodedata.normalize("NFKC", text)).casefold()
    for written, meant in _JOINED:
        text = text.replace(written, meant)
    text = text.replace("n°", " number ").replace("nº", " number ")
    words = _WORD.findall(text.replace("#", " number ").replace("'s", "s").replace("’s", "s"))
    found: list[str] = []
    for word in words:
        word = _ALIKE.get(word, word)
        if word == "out" and found and found[-1] in ("check", "checked"):
            found[-1] = "checkout"
        elif word == "in" and found and found[-1] in ("check", "checked"):
            found[-1] = "checkin"
        else:
            found.append(word)
    return tuple(found)


def _phrases() -> dict[str, list[tuple[tuple[str, ...], int]]]:
    return {
        field: [(stems(phrase), rank) for rank, phrase in enumerate(phrases)]
        for field, phrases in WORDS.items()
    }


_PHRASES = _phrases()
_EITHER = {stems(words): fields for words, fields in EITHER.items()}
_EXACT: dict[tuple[str, ...], tuple[str, int]] = {}
for _field, _list in _PHRASES.items():
    for _words, _rank in _list:
        _EXACT.setdefault(_words, (_field, _rank))
_RAW: dict[str, tuple[str, int]] = {}
for _field, _phrases_of in WORDS.items():
    for _rank, _phrase in enumerate(_phrases_of):
        _RAW.setdefault(squeeze(_phrase), (_field, _rank))
_RAW_EITHER = {squeeze(words): fields for words, fields in EITHER.items()}
_SQUEEZED = {squeeze(words): field for field, phrases in WORDS.items() for words in phrases}
_SQUEEZED |= {squeeze(words): fields[0] for words, fields in EITHER.items()}


_TWO_DIGITS = re.compile(r"\d\d")


@lru_cache(maxsize=4096)
def is_known(text: str) -> bool:
    """Whether these words alone are a heading that is known as it is written."""
    if len(text) > 60 or _TWO_DIGITS.search(text):  # as every number of a thing has
        return False
    return squeeze(text) in _SQUEEZED or stems(text) in _EXACT or stems(text) in _EITHER


@lru_cache(maxsize=4096)
def meanings(heading: str) -> dict[str, float]:
    """The fields that a heading may mean, each with how sure the words alone make it, from 0
    to 1.
    """
    found: dict[str, float] = {}
    outside = _BRACKETS.sub(" ", heading)
    pieces = _PIECES.split(outside) if len(heading) < 100 else []
    variants = [(heading, 1.0), (outside, 0.99)]
    if len(pieces) > 1:
        variants += [(piece, 0.85) for piece in pieces]
    for variant, weight in variants:
        for field, score in _meanings(variant, stems(variant)):
            found[field] = max(found.get(field, 0.0), score * weight)
    return found


def _meanings(written: str, words: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    if not words or len(words) > 12:
        return
    plain = squeeze(written)
    several = _RAW_EITHER.get(plain)
    if several is None and plain in _RAW:
        yield _RAW[plain][0], 1.0 - min(_RAW[plain][1], 99) / 1000
        return
    exact = _EXACT.get(words)
    if several is None and exact:
        yield exact[0], 0.97 - min(exact[1], 99) / 1000
        return
    several = (
        several or _EITHER.get(words) or _EITHER.get(tuple(w for w in words if w not in _LIGHT))
    )
    if several:
        for rank, field in enumerate(several):
            yield field, 0.75 - 0.05 * rank
        return
    if HARMLESS.intersection(words):
        return
    have = set(words)
    weight = sum(0.3 if word in _LIGHT else 1.0 for word in words)
    for field, phrases in _PHRASES.items():
        best = 0.0
        for phrase, rank in phrases:
            if not have.issuperset(phrase):
                continue
            covered = sum(0.3 if word in _LIGHT else 1.0 for word in phrase)
            if covered < 0.9:
                continue  # light words alone explain nothing
            share = min(1.0, covered / weight)
            best = max(best, 0.3 + 0.6 * share - min(rank, 99) / 1000)
        if best and not _BLOCKERS.get(field, frozenset()).intersection(have):
            yield field, best


def is_harmless(heading: str) -> bool:
    """Whether a heading has nothing to do with who has a thing: a warranty, a test, a supplier."""
    return bool(HARMLESS.intersection(stems(heading)))


def plain_header(header: str) -> str:
    """A heading without the number that it was given when it came again."""
    head, bracket, tail = header.rpartition(" (")
    return head if bracket and tail[:-1].isdecimal() else header
