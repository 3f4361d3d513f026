# Facts that the four questions share. Each is true only when the input says so outright: a missing part, an unknown
# state or an untrusted source leaves it undefined. Authors: write denials as `not facts.x`, never as `input.x != y`.
# With a part missing, `input.x != y` is undefined rather than true, and a denial written that way would never fire.
#
# METADATA
# scope: package
# schemas:
#   - input: schema["input.schema"]
package earshot.facts

# The parties agreed, and whoever says so is believed.
consent_granted if {
	input.consent.state == "granted"
	believed(input.consent.source)
}

# The parties were told that a machine is listening.
disclosure_played if {
	input.disclosure.played
	believed(input.disclosure.source)
}

# What the operator configured is believed; what came with the call only from an ingress peer named as trusted.
believed("config")

believed(source) if {
	source != "config"
	input.call.trusted
}

# The contract with the processor has not run out at the moment of the question.
terms_in_force if input.processor.terms.expires_at_ms > input.now_ms

# The processor promised not to learn from what it is sent.
no_training if input.processor.terms.training == false

nothing_retained if input.processor.terms.retention_days == 0

# A call with no jurisdiction configured is permitted nothing: nobody knows which law applies to it.
jurisdiction_known if count(input.call.jurisdictions) > 0

region_fits if not european_call

region_fits if {
	european_call
	startswith(lower(input.processor.region), "eu")
}

# One European party is enough. Subdivisions count as their country: "de-by" is "de".
european_call if {
	some jurisdiction in input.call.jurisdictions
	split(lower(jurisdiction), "-")[0] in european
}

# The European Economic Area by ISO 3166 code, and "eu" itself.
european := {
	"eu", "at", "be", "bg", "cy", "cz", "de", "dk", "ee", "es", "fi", "fr", "gr", "hr", "hu", "ie", "is", "it", "li",
	"lt", "lu", "lv", "mt", "nl", "no", "pl", "pt", "ro", "se", "si", "sk",
}

# Card verification values and PINs: nobody may be sent these, not even as a placeholder's context.
holds_authentication_data if {
	some entity in {"CVV", "PIN"}
	input.release.entities[entity] > 0
}

# The leg is ours, not a customer's: whoever asks for card data, and does not give any.
leg_of_the_firm if input.leg.role in {"agent", "ivr"}
