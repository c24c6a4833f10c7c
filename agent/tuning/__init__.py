"""Teaching a small model to decide: simulated conversations, LoRA training, GGUF export, evaluation.

`python -m chatrec.agent.tuning --help` shows the commands; they need the extra `tune`.
"""

__all__: list[str] = []
