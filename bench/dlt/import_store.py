"""Imports a WooCommerce store's products and variations into PostgreSQL with dlt.

The environment names the store (STORE_URL, CONSUMER_KEY, CONSUMER_SECRET) and
the database (DATABASE_URL). At the end one line of JSON tells how many seconds
each stage took.

Where dlt's documentation offers something that makes this import quicker, it is
used (https://dlthub.com/docs/reference/performance); everything else is as dlt
comes.
"""

import json
import os
from time import monotonic

import dlt
from dlt.sources.helpers.rest_client.paginators import PageNumberPaginator
from dlt.sources.rest_api import rest_api_source

# What the console asks for: crates/connectors/src/woocommerce/operations/products.rs.
PRODUCT_FIELDS = (
    "id,name,slug,type,status,sku,global_unique_id,regular_price,sale_price,on_sale,"
    "manage_stock,stock_quantity,date_modified_gmt,images,brands,categories,variations"
)
VARIATION_FIELDS = (
    "id,name,status,sku,global_unique_id,regular_price,sale_price,on_sale,"
    "manage_stock,stock_quantity,date_modified_gmt,attributes"
)
BY_ID = {"per_page": 100, "orderby": "id", "order": "asc"}


class TotalPages(PageNumberPaginator):
    """Ends with the last page, which WooCommerce tells in a header.

    dlt's own would ask for one page more, of each product's variations too.
    """

    def __init__(self):
        super().__init__(base_page=1, total_path=None)

    def update_state(self, response, data=None):
        super().update_state(response, data)
        if self.current_value > int(response.headers["X-WP-TotalPages"]):
            self._has_next_page = False


def listed(path, fields):
    return {
        "path": path,
        "params": {**BY_ID, "_fields": fields},
        "paginator": TotalPages(),
    }


def store():
    source = rest_api_source(
        {
            "client": {
                "base_url": os.environ["STORE_URL"] + "/wp-json/wc/v3/",
                "auth": {
                    "type": "http_basic",
                    "username": os.environ["CONSUMER_KEY"],
                    "password": os.environ["CONSUMER_SECRET"],
                },
            },
            "resources": [
                {
                    "name": "products",
                    "endpoint": listed("products", PRODUCT_FIELDS),
                },
                # Read once more, so that nobody asks for the variations of a
                # product that has none.
                {
                    "name": "variable_products",
                    "endpoint": listed("products", "id,type"),
                    "processing_steps": [{"filter": lambda row: row["type"] == "variable"}],
                    "selected": False,
                },
                {
                    "name": "variations",
                    "endpoint": listed(
                        "products/{resources.variable_products.id}/variations",
                        VARIATION_FIELDS,
                    ),
                    "include_from_parent": ["id"],
                    "parallelized": True,
                },
            ],
        },
        name="woocommerce",
    )
    # Lists inside a row stay with it as JSON, instead of filling tables of their own.
    source.max_table_nesting = 0
    return source


def run():
    # Rows are normalized by as many processes as there are processors; each
    # takes a file, so there have to be some.
    dlt.config["normalize.workers"] = os.cpu_count()
    dlt.config["sources.data_writer.file_max_items"] = 5_000
    source = store()
    pipeline = dlt.pipeline(
        pipeline_name="woocommerce",
        destination=dlt.destinations.postgres(os.environ["DATABASE_URL"]),
        dataset_name="woocommerce",
    )
    seconds = {}
    for stage, work in {
        "extract": lambda: pipeline.extract(source),
        "normalize": pipeline.normalize,
        "load": pipeline.load,
    }.items():
        begun = monotonic()
        work()
        seconds[stage] = monotonic() - begun
    print(json.dumps(seconds))


# Worker processes load this file too.
if __name__ == "__main__":
    run()
