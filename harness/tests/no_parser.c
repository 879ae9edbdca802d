/* A shared library that is no parser. */
int nothing(void);

int nothing(void)
{
    return 0;
}
