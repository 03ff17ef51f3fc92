"""Names, addresses and licences of the weights. Imports nothing heavy: the command line shows them."""

from __future__ import annotations

__all__ = ["DINO_FILE", "EXTRA", "GROUNDING_MODEL", "GROUNDING_REVISION", "LICENCES", "SAM_FILE", "STEPS"]

EXTRA = 'pip install "gsi-bench[detany3d]"'
GROUNDING_MODEL = "IDEA-Research/grounding-dino-base"  # the official Swin-B "cogcoor" weights in the Hub's form
GROUNDING_REVISION = "main"
SAM_FILE, DINO_FILE = "sam_vit_h_4b8939.pth", "dinov2_vitl14_pretrain.pth"
LICENCES = """\
Licences of the weights, as far as they are known (not legal advice):
  DetAny3D       distributed by its authors under terms that this project has not seen. The weights descend from UniDepth V1,
                 which is Creative Commons BY-NC 4.0: NOT FOR COMMERCIAL USE.
  SAM, DINOv2    Apache-2.0 (needed only where the DetAny3D file was saved in part)
  GroundingDINO  Apache-2.0
Say --accept-licence once you have read the terms of the place where you get them."""

STEPS = f"""\
This project knows no fixed address of the DetAny3D checkpoint, so getting it is your step:
  1. Open https://github.com/OpenDriveLab/DetAny3D, read its terms, and download the checkpoint that its
     README names (one .pth).
  2. Put it into a folder. If it was saved in part (the next step says so), put these beside it:
       {SAM_FILE}          https://dl.fbaipublicfiles.com/segment_anything/{SAM_FILE}
       {DINO_FILE}    https://dl.fbaipublicfiles.com/dinov2/dinov2_vitl14/{DINO_FILE}
  3. gsi-bench weights detany3d --accept-licence --from FOLDER
If the checkpoint lies in a Hub repository that you trust: --repo OWNER/NAME --file NAME.pth [--revision COMMIT]
Text prompts also need GroundingDINO, {GROUNDING_MODEL}, which the command fetches from the Hub (0.9 GB)."""
