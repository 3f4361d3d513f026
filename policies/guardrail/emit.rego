# The platform's last word on insights: none leaves once consent is known to be anything but granted.
#
# METADATA
# scope: package
# schemas:
#   - input: schema["emit.schema"]
package earshot.emit

import data.earshot.guardrail

decision := {"allow": true, "reasons": [], "obligations": {}} if permitted

decision := {
	"allow": false,
	"reasons": [{"rule": "guardrail_consent", "clause": "nothing is emitted once consent is withdrawn"}],
	"obligations": {},
} if {
	not permitted
}

permitted if not input.consent

permitted if guardrail.consent_granted
