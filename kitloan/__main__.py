"""`python -m kitloan` is the console script."""

from kitloan.cli.start import main

if __name__ == "__main__":
    main()
