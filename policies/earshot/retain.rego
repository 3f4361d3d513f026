# May this be kept, under which class, and at most how long? `max_window_ms` is the longest time it may be kept.
#
# What people said (audio, transcripts) needs their consent. What proves our own conduct (policy inputs, salts) does
# not, and is kept only as long as a decision may have to be replayed.
#
# METADATA
# scope: package
# schemas:
#   - input: schema["retain.schema"]
package earshot.retain

import data.earshot.facts

decision := {
	"allow": true,
	"reasons": [],
	"obligations": {"keep_class": input.retain.kind, "max_window_ms": keep_days[input.retain.kind] * 86400000},
} if {
	count(denials) == 0
}

decision := {"allow": false, "reasons": [reason | some reason in denials], "obligations": {}} if count(denials) > 0

keep_days := {"audio": 30, "transcript": 90, "policy_input": 90, "salts": 90}

of_our_own_conduct := {"policy_input", "salts"}

denials contains {"rule": "unknown_kind", "clause": "no class is defined for this kind"} if not kind_known

denials contains {"rule": "consent_missing", "clause": "what people said is kept only with their consent"} if {
	not proves_conduct
	not facts.consent_granted
}

kind_known if keep_days[input.retain.kind]

proves_conduct if input.retain.kind in of_our_own_conduct
