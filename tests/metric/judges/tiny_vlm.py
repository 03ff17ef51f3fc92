"""A random LLaVA of about 100 thousand weights with tokenizer and processor, made on the spot and saved as a model folder.

LLaVA, because its processor works without torchvision.
"""

from __future__ import annotations

from pathlib import Path

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<image>")
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.content is string %}{{ m.content }}{% else %}{% for c in m.content %}"
    "{% if c.type == 'text' %}{{ c.text }}{% else %}<image>{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def save_tiny_vlm(folder: Path, answer: str | None = None) -> Path:
    """Writes the model and returns its folder. `answer`: its reply to every question; None: replies of random weights."""
    import tokenizers  # noqa: PLC0415
    import torch  # noqa: PLC0415
    import transformers as t  # noqa: PLC0415

    torch.manual_seed(0)
    bpe = tokenizers.Tokenizer(tokenizers.models.BPE())
    bpe.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = tokenizers.decoders.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(special_tokens=list(SPECIAL), initial_alphabet=alphabet, vocab_size=320)
    bpe.train_from_iterator(["Rate the two pictures from 0 to 10."], trainer)
    tokenizer = t.PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    if answer:
        tokenizer.add_tokens([tokenizers.AddedToken(answer, normalized=False, special=False)])
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL}
    pictures = t.CLIPImageProcessorPil(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28})
    processor = t.LlavaProcessor(
        pictures, tokenizer, patch_size=14, vision_feature_select_strategy="default", num_additional_image_tokens=1,
        image_token="<image>", chat_template=TEMPLATE,
    )  # fmt: skip
    ends = {"eos_token_id": ids["<|im_end|>"], "pad_token_id": ids["<|endoftext|>"]}
    text = t.LlamaConfig(
        vocab_size=len(tokenizer), tie_word_embeddings=False, hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=8192, bos_token_id=None, **ends,
    )  # fmt: skip
    vision = t.CLIPVisionConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, image_size=28, patch_size=14
    )
    model = t.LlavaForConditionalGeneration(
        t.LlavaConfig(vision_config=vision, text_config=text, image_token_index=ids["<image>"], image_seq_length=4)
    )
    with torch.no_grad():
        for weight in model.parameters():  # as they are drawn, the words would hardly depend on what is asked
            weight.mul_(8 if weight.ndim > 1 else 1)
    if answer:
        _always_says(model, tokenizer, answer)
    model.generation_config = t.GenerationConfig(**ends)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _always_says(model, tokenizer, answer: str) -> None:
    """Weights by hand: the answer after everything else, and the end after the answer. The rest stays random."""
    import torch  # noqa: PLC0415

    token, end = tokenizer.convert_tokens_to_ids(answer), tokenizer.eos_token_id
    with torch.no_grad():
        for layer in model.model.language_model.layers:  # what comes in goes out
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        embedding = model.get_input_embeddings().weight
        embedding[:, 0] = 10.0
        embedding[token, 0] = -10.0
        head = model.get_output_embeddings().weight
        head.zero_()
        head[token, 0], head[end, 0] = 1.0, -1.0
