# May this processor receive this leg, as audio, text or dtmf?
#
# Two things must be true: some rule below permits the combination aloud, and no rule denies. Every denial that applies
# is given as a reason, so that an operator sees all that must change and not just the first of it.
# `obligations` are conditions of the allow; the redaction plan and the limits of the lease come from there.
#
# METADATA
# scope: package
# schemas:
#   - input: schema["stream.schema"]
package earshot.stream

import data.earshot.facts

decision := {"allow": true, "reasons": [reason | some reason in permits], "obligations": obligations} if allowed

decision := {"allow": false, "reasons": [reason | some reason in denials], "obligations": {}} if not allowed

allowed if {
	count(permits) > 0
	count(denials) == 0
}

# --- what is permitted, said aloud ---

permits contains {
	"rule": "text_to_text_processor",
	"clause": "a processor that hears text may have redacted text",
} if {
	input.stream.modality == "text"
	input.processor.hears == "text"
}

# The one place where raw audio is permitted: a transcriber that keeps nothing. Remove it and no audio leaves.
permits contains {
	"rule": "raw_audio_to_transcriber",
	"clause": "a transcriber that keeps nothing may have raw audio",
} if {
	input.stream.modality == "audio"
	input.processor.hears == "raw_audio"
	input.processor.kind == "transcriber"
	facts.nothing_retained
}

# --- what is denied, whatever is permitted ---

denials contains {"rule": "not_permitted", "clause": "no rule permits this processor this modality"} if {
	count(permits) == 0
}

denials contains {"rule": "consent_missing", "clause": "consent is not granted by a source that is believed"} if {
	not facts.consent_granted
}

denials contains {"rule": "disclosure_missing", "clause": "the parties were not told that a machine listens"} if {
	not facts.disclosure_played
}

denials contains {"rule": "terms_expired", "clause": "terms.expires_at_ms has passed"} if not facts.terms_in_force

denials contains {"rule": "training", "clause": "the terms let the processor train on what it is sent"} if {
	not facts.no_training
}

denials contains {"rule": "jurisdiction_unknown", "clause": "the call has no jurisdiction, so no law can be met"} if {
	not facts.jurisdiction_known
}

denials contains {"rule": "region", "clause": "the processor's region does not fit the call's jurisdictions"} if {
	not facts.region_fits
}

denials contains {"rule": "dtmf", "clause": "digits are not given to processors"} if input.stream.modality == "dtmf"

# Earshot closes these legs by itself, at once; this is for whoever is asked about while the window is open. The agent is
# heard on, so that what the agent says can close it.
denials contains {"rule": "pci_window", "clause": "no audio of a customer while card data is being taken"} if {
	input.stream.modality == "audio"
	input.window.pci
	not facts.leg_of_the_firm
}

# Reading a worker's feelings from the voice is what the EU AI Act forbids in Article 5(1)(f).
# To extend this to text as well, drop the line about modality.
denials contains {"rule": "agent_sentiment", "clause": "no reading of an agent's feelings from the voice"} if {
	input.stream.modality == "audio"
	input.leg.role == "agent"
	some word in {"sentiment", "emotion", "mood", "affect"}
	contains(lower(input.processor.purpose), word)
}

# --- conditions of the allow ---

obligations := object.union(object.union(limits, muting), rendering)

# A lease reaches at most 30 s ahead.
limits := {"max_window_ms": 30000}

# What a customer says falls silent while card data is being taken, and so does whoever's part in the call is not known.
default muting := {"mute_on": ["pci"]}

muting := {} if facts.leg_of_the_firm

# Text is sent turn by turn, never as partial results. Types not named here are masked too: masking is the default.
rendering := {
	"partials": "off",
	"redact": {
		"CARD": "mask",
		"CVV": "mask",
		"PIN": "mask",
		"SSN": "mask",
		"PHONE": "pseudonym",
		"EMAIL": "pseudonym",
	},
	"keep_class": "transcript",
} if {
	input.stream.modality == "text"
}

rendering := {"keep_class": "audio"} if input.stream.modality == "audio"
