"""A synthetic county that lives on a fast clock: who the women are, what people do, and what is counted afterwards."""
