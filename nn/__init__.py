"""Neural networks written with autograd's public names: the articles' networks, and what they are trained on."""

import autograd

if getattr(autograd, "__distribution__", None) != "chainrule":
    raise ImportError(
        "the package `autograd` that Python found is not chainrule's: another distribution (HIPS autograd) uses the same "
        f"import name and has overwritten it ({getattr(autograd, '__file__', 'unknown place')}). The two cannot share an "
        "environment: pip uninstall autograd, then pip install --force-reinstall chainrule"
    )
