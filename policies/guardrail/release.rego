# The platform's last word on every release. Card verification values and PINs are dropped for every tenant.
#
# METADATA
# scope: package
# schemas:
#   - input: schema["release.schema"]
package earshot.release

import data.earshot.guardrail

decision := {"allow": true, "reasons": [], "obligations": tightening} if count(guardrail.denials) == 0

decision := {
	"allow": false,
	"reasons": [reason | some reason in guardrail.denials],
	"obligations": {},
} if {
	count(guardrail.denials) > 0
}

default tightening := {}

tightening := {"tighten": "drop"} if {
	some entity in {"CVV", "PIN"}
	input.release.entities[entity] > 0
}
