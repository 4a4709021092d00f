"""The bases that a model with layers of its own extends, as Stanford's HF_ColBERT does."""

from .models import AutoConfig, PreTrainedModel, read_weights

__all__ = ["BertPreTrainedModel", "RobertaPreTrainedModel", "XLMRobertaConfig"]


class WithBackbone(PreTrainedModel):
    """Holds the backbone under `base_model_prefix`, beside what the class adds."""

    def init_weights(self):
        self.post_init()

    @classmethod
    def from_pretrained(cls, folder, *arguments, **options):
        """Weights that carry no prefix are the backbone's; what the folder lacks stays random."""
        from pathlib import Path

        model = cls(AutoConfig.from_pretrained(folder), *arguments, **options)
        known = model.state_dict()
        tensors = {}
        for name, value in read_weights(Path(folder)).items():
            prefixed = f"{cls.base_model_prefix}.{name}"
            tensors[name if name in known else prefixed] = value
        unknown = set(tensors) - set(known)
        if unknown:
            raise ValueError(f"the weights hold {', '.join(sorted(unknown)[:5])}, which the model has not")
        model.load_state_dict(tensors, strict=False)
        return model.eval()


class BertPreTrainedModel(WithBackbone):
    base_model_prefix = "bert"


class RobertaPreTrainedModel(WithBackbone):
    base_model_prefix = "roberta"


class XLMRobertaConfig(AutoConfig):
    pass
