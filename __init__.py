from .hooks import post_init_hook, uninstall_hook
from .signature_workflow import controllers, models, wizard
