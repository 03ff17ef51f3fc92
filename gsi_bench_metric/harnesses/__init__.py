"""Harnesses of others (lmms-eval, EvalScope): folders that they load tasks from, and their answers, scored as any run."""
