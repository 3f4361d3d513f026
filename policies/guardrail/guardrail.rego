# What no tenant can permit: a processor whose terms have run out, and a call whose consent nobody knows.
#
# METADATA
# scope: package
# schemas:
#   - input: schema["input.schema"]
package earshot.guardrail

denials contains {"rule": "guardrail_terms", "clause": "nothing is sent under terms that have expired"} if {
	not terms_in_force
}

denials contains {"rule": "guardrail_consent", "clause": "nothing is sent without known consent"} if {
	not consent_granted
}

terms_in_force if input.processor.terms.expires_at_ms > input.now_ms

consent_granted if input.consent.state == "granted"
