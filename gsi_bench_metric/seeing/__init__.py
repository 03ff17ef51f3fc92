"""What more a photograph shows: instance masks, metric depth and gravity, made with their origin for samples that lack them."""
