"""The warehouse on this machine: Redshift's SQL over the lake's Iceberg tables, run by DuckDB.

```python
Warehouse(site).execute("SELECT sale_date, sum(net_amount_eur) FROM analytics.daily_sales GROUP BY 1").print()
```

It runs what the platform's program and its analysts use: external schemas over the Glue Data
Catalog, schemas, late-binding views, roles, grants, and queries, which sqlglot translates. What
differs from Redshift and cannot be seen from an error:

- grants are kept and can be asked for (svv_schema_privileges, svv_relation_privileges,
  svv_role_grants), but nobody is refused anything;
- avg() of integers is not cut to an integer;
- there are no local tables: data comes from the lake only.
"""

from local.clouds.warehouse.catalogue import WarehouseError
from local.clouds.warehouse.result import Result
from local.clouds.warehouse.warehouse import Warehouse

__all__ = ["Result", "Warehouse", "WarehouseError"]
