"""`python -m hercle_cli`."""

import sys

from hercle_cli import main

sys.exit(main())
