package earshot.retain_test

import data.earshot.examples_test as examples
import data.earshot.retain

day_ms := 86400000

test_each_kind_has_its_class_and_its_days if {
	every kind, days in {"audio": 30, "transcript": 90, "policy_input": 90, "salts": 90} {
		decision := retain.decision with input as examples.retain(kind)
		decision.allow
		decision.obligations == {"keep_class": kind, "max_window_ms": days * day_ms}
	}
}

test_what_people_said_is_not_kept_without_consent if {
	every kind in {"audio", "transcript"} {
		decision := retain.decision with input as object.union(
			examples.retain(kind),
			{"consent": {"state": "unknown"}},
		)
		not decision.allow
		decision.obligations == {}
	}
}

test_what_proves_our_conduct_is_kept_without_consent if {
	decision := retain.decision with input as object.remove(examples.retain("policy_input"), ["consent"])
	decision.allow
}

test_an_unknown_kind_is_not_kept if {
	decision := retain.decision with input as examples.retain("video")
	not decision.allow
	{reason.rule | some reason in decision.reasons} == {"unknown_kind"}
}

test_an_empty_input_is_denied if {
	decision := retain.decision with input as {}
	not decision.allow
}
