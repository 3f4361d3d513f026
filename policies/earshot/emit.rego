# May this insight (what a processor said back, redacted again) go to this subscriber?
#
# By default only to subscribers on this machine. A webhook or a remote stream carries what was said on a call to
# somebody else, and needs a rule that names it.
#
# METADATA
# scope: package
# schemas:
#   - input: schema["emit.schema"]
package earshot.emit

decision := {"allow": true, "reasons": [reason | some reason in permits], "obligations": {}} if allowed

decision := {"allow": false, "reasons": [reason | some reason in denials], "obligations": {}} if not allowed

allowed if {
	count(permits) > 0
	count(denials) == 0
}

permits contains {"rule": "local_subscriber", "clause": "a subscriber on this machine may have insights"} if {
	input.subscriber.kind == "local"
}

denials contains {"rule": "not_permitted", "clause": "no rule permits this subscriber"} if count(permits) == 0

# The insight may rest on words said before consent was withdrawn: then it stays here.
denials contains {"rule": "consent_withdrawn", "clause": "consent.state is no longer granted"} if {
	input.consent
	not still_granted
}

still_granted if input.consent.state == "granted"
