"""The `transformers` library as a candidate, used as its documentation and its Trainer use it.

Run by an interpreter of its own, which needs torch and transformers and nothing of this project.

Training: labels as the library wants them (the inputs again, −100 where nothing is to be learned;
it shifts them itself), fused AdamW; for bfloat16, autocast over float32 weights, which is Trainer's
`bf16=True`. Where there is a choice it is the quicker one: no dropout, no cache, and no clipping of
gradients, all of which Trainer's defaults would add.
"""

import json
import sys
import time
from pathlib import Path

import torch
import transformers


def training(spec):
    """Seconds of each step on the given batches; the first ones are for warming up."""
    size, device = spec["config"], spec["device"]
    config = transformers.GPT2Config(
        vocab_size=size["vocab_size"],
        n_positions=size["context_length"],
        n_layer=size["n_layer"],
        n_head=size["n_head"],
        n_embd=size["n_embd"],
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        use_cache=False,
    )
    model = transformers.GPT2LMHeadModel(config).to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, weight_decay=0.1, fused=True)

    def step(tokens, labels):
        with torch.autocast(device, torch.bfloat16, enabled=spec["dtype"] == "bfloat16"):
            loss = model(input_ids=tokens.to(device), labels=labels.to(device)).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        loss.item()

    batches = [with_labels(*map(torch.tensor, batch)) for batch in spec["batches"]]
    times = [seconds(lambda b=batch: step(*b), device) for batch in batches]
    return {"seconds": times[spec["warm_up"] :]}


def with_labels(inputs, targets):
    """(B, T) inputs and the token after each → the whole texts, (B, T + 1), and their labels."""
    tokens = torch.cat((inputs, targets[:, -1:].clamp(min=0)), dim=1)
    labels = torch.cat((torch.full_like(targets[:, :1], -100), targets), dim=1)
    return tokens, labels


def generation(spec):
    """Seconds a token for one prompt and for all together."""
    model = transformers.AutoModelForCausalLM.from_pretrained(spec["directory"])
    model = model.to(spec["device"], getattr(torch, spec["dtype"])).eval()
    model.generation_config.eos_token_id = None  # no text ends before it is as long as asked

    def token_seconds(prompts):
        inputs = torch.tensor(prompts, device=spec["device"])
        write(model, inputs, 2)  # warm-up
        return [
            (
                seconds(lambda: write(model, inputs, 1 + spec["tokens"]), spec["device"])
                - seconds(lambda: write(model, inputs, 1), spec["device"])
            )
            / spec["tokens"]
            for _ in range(spec["repeats"])
        ]

    return {"one": token_seconds(spec["prompts"][:1]), "all": token_seconds(spec["prompts"])}


def startup(spec):
    """Load model and tokenizer, write one token: what generate.py does."""
    model = transformers.AutoModelForCausalLM.from_pretrained(spec["directory"])
    model = model.to(spec["device"]).eval()
    model.generation_config.eos_token_id = None
    tokenizer = transformers.AutoTokenizer.from_pretrained(spec["directory"])
    inputs = tokenizer(spec["text"], return_tensors="pt").input_ids.to(spec["device"])
    return {"text": tokenizer.decode(write(model, inputs, 1)[0, -1])}


def write(model, inputs, tokens):
    """(B, T) and the likeliest continuation: (B, T + tokens)."""
    output = model.generate(
        inputs,
        attention_mask=torch.ones_like(inputs),
        max_new_tokens=tokens,
        min_new_tokens=tokens,
        do_sample=False,
        eos_token_id=None,
        pad_token_id=0,
    )
    assert output.size(1) == inputs.size(1) + tokens, "transformers stopped early"
    return output


def seconds(action, device):
    """How long `action` takes, on a GPU until the last of its work is done."""
    if device == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    action()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def main():
    spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    tasks = {"training": training, "generation": generation, "startup": startup}
    result = tasks[spec["task"]](spec)
    result["versions"] = f"transformers {transformers.__version__} on torch {torch.__version__}"
    if spec["device"] == "cuda":
        result["peak"] = torch.cuda.max_memory_allocated()
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
