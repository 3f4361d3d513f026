# The platform's own last word on every stream, whatever a tenant's policy says: both must allow, and the stricter
# obligation of the two holds. Kept so small that it can be read in one breath.
#
# METADATA
# scope: package
# schemas:
#   - input: schema["stream.schema"]
package earshot.stream

import data.earshot.guardrail

decision := {"allow": true, "reasons": [], "obligations": obligations} if count(denials) == 0

decision := {"allow": false, "reasons": [reason | some reason in denials], "obligations": {}} if count(denials) > 0

denials contains reason if some reason in guardrail.denials

denials contains {"rule": "guardrail_training", "clause": "raw audio is never given to whoever may train on it"} if {
	not harmless
}

harmless if input.processor.terms.training == false

harmless if input.stream.modality == "text"

obligations := object.union(limits, rendering)

# The bound on a lease that the rest of the house is built on.
limits := {"max_window_ms": 30000}

default rendering := {}

rendering := {"redact": {"CARD": "mask", "CVV": "mask", "PIN": "mask"}} if input.stream.modality == "text"
