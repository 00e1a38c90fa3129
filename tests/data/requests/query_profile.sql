SELECT operator_id, operator_type, operator_statistics, execution_time_breakdown, operator_attributes FROM TABLE(GET_QUERY_OPERATOR_STATS('01b2c3d4-0001-2345-0000-000a00010001')) LIMIT 1000
