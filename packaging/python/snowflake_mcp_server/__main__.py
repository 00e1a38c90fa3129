"""`python -m snowflake_mcp_server`, where scripts are not on the path."""

from snowflake_mcp_server import main

main()
