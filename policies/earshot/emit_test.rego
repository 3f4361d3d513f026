package earshot.emit_test

import data.earshot.emit
import data.earshot.examples_test as examples

test_a_local_subscriber_may_have_insights if {
	decision := emit.decision with input as examples.emit("local")
	decision.allow
}

test_nobody_else_may if {
	every kind in {"webhook", "stream"} {
		decision := emit.decision with input as examples.emit(kind)
		not decision.allow
		{reason.rule | some reason in decision.reasons} == {"not_permitted"}
	}
}

test_nothing_is_emitted_once_consent_is_withdrawn if {
	decision := emit.decision with input as object.union(examples.emit("local"), {"consent": {"state": "denied"}})
	not decision.allow
	{reason.rule | some reason in decision.reasons} == {"consent_withdrawn"}
}

test_an_input_that_says_nothing_of_consent_may_be_emitted_locally if {
	decision := emit.decision with input as object.remove(examples.emit("local"), ["consent"])
	decision.allow
}

test_an_empty_input_is_denied if {
	decision := emit.decision with input as {}
	not decision.allow
}
