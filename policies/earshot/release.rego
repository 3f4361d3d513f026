# May this already redacted piece of text go to the processor: as it is, tightened, or not at all?
#
# The stream decision opened the way when the call began; this one looks again at each piece, because consent can be
# withdrawn and terms can run out while people talk. `tighten: drop` sends nothing and says so on the timeline.
#
# METADATA
# scope: package
# schemas:
#   - input: schema["release.schema"]
package earshot.release

import data.earshot.facts

decision := {"allow": true, "reasons": [], "obligations": tightening} if count(denials) == 0

decision := {"allow": false, "reasons": [reason | some reason in denials], "obligations": {}} if count(denials) > 0

# More than anybody says in one turn: a release this long is a fault or an attempt to drain a transcript.
max_chars := 8000

denials contains {"rule": "consent_missing", "clause": "consent is not granted by a source that is believed"} if {
	not facts.consent_granted
}

denials contains {"rule": "terms_expired", "clause": "terms.expires_at_ms has passed"} if not facts.terms_in_force

denials contains {"rule": "training", "clause": "the terms let the processor train on what it is sent"} if {
	not facts.no_training
}

denials contains {"rule": "not_text", "clause": "only a processor that hears text receives releases"} if {
	not hears_text
}

denials contains {"rule": "too_long", "clause": "a release is at most 8000 characters"} if not short_enough

hears_text if input.processor.hears == "text"

short_enough if input.release.chars <= max_chars

default tightening := {}

tightening := {"tighten": "drop"} if drops

drops if facts.holds_authentication_data

# What a customer said while card data was being taken. The agent's words, redacted, go on.
drops if {
	input.window.pci
	not facts.leg_of_the_firm
}
