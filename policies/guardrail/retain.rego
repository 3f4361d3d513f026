# The platform's last word on keeping: what people said is never kept while nobody knows whether they agreed.
#
# METADATA
# scope: package
# schemas:
#   - input: schema["retain.schema"]
package earshot.retain

import data.earshot.guardrail

decision := {"allow": true, "reasons": [], "obligations": {}} if permitted

decision := {
	"allow": false,
	"reasons": [{"rule": "guardrail_consent", "clause": "nothing said is kept without known consent"}],
	"obligations": {},
} if {
	not permitted
}

permitted if guardrail.consent_granted

permitted if input.retain.kind in {"policy_input", "salts"}
