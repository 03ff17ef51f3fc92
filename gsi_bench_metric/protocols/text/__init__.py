"""What the protocols found, as sentences in English and Chinese: one text for report, command line, Space and API."""

from gsi_bench_metric.protocols.text.rendering import LANGUAGES, Phrase, explanation, reason, reason_text, say, sentence, told

__all__ = ["LANGUAGES", "Phrase", "explanation", "reason", "reason_text", "say", "sentence", "told"]
