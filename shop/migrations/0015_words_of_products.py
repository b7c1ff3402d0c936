from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import TrigramExtension
from django.contrib.postgres.search import SearchVectorField
from django.db import migrations, models

CREATE = """
-- The products are locked first: of two who change the same one, the second then reads what the first has written.
-- Planned anew for each call: a few products are found by indexes, for many each table is read once. PostgreSQL is told
-- so, because while many are written it does not know yet how many rows there are.
CREATE FUNCTION write_words(products bigint[]) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_custom_plan SET enable_nestloop = on AS $$
BEGIN
    PERFORM set_config('enable_nestloop', (cardinality(products) <= 100)::text, true);
    PERFORM FROM shop_product WHERE id = ANY (products) ORDER BY id FOR NO KEY UPDATE;
    WITH sold AS (
        SELECT variant.product_id, string_agg(DISTINCT item.sku, ' ') AS skus,
            string_agg(DISTINCT choice #>> '{}', ' ') AS choices
        FROM shop_variant variant
        JOIN inventory_stockitem item ON item.id = variant.stock_item_id
        LEFT JOIN LATERAL jsonb_path_query(variant.options, '$[*][1]') choice ON true
        WHERE variant.product_id = ANY (products)
        GROUP BY variant.product_id
    ), told AS (
        SELECT product.id, product.title, product.description, sold.skus,
            concat_ws(' ', product.vendor, shelf.name, tagged.words, sold.choices) AS more
        FROM shop_product product
        LEFT JOIN shop_category shelf ON shelf.id = product.category_id
        LEFT JOIN sold ON sold.product_id = product.id
        LEFT JOIN LATERAL (
            SELECT string_agg(tag #>> '{}', ' ') AS words FROM jsonb_path_query(product.tags, '$[*]') tag
        ) tagged ON true
        WHERE product.id = ANY (products)
    )
    UPDATE shop_productwords words
    SET document = setweight(to_tsvector('english', concat_ws(' ', told.title, told.skus)), 'A')
            || setweight(to_tsvector('english', told.more), 'B')
            || setweight(to_tsvector('english', told.description), 'C'),
        spelled = concat_ws(' ', told.title, told.more, told.skus)
    FROM told WHERE words.product_id = told.id;
END
$$;

CREATE FUNCTION words_of_new_products() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO shop_productwords (product_id, document, spelled) SELECT id, '', '' FROM changed;
    PERFORM write_words(array_agg(id)) FROM changed;
    RETURN NULL;
END
$$;
CREATE TRIGGER words_of_new AFTER INSERT ON shop_product
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION words_of_new_products();

CREATE FUNCTION words_of_products() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM write_words(array_agg(id)) FROM changed;
    RETURN NULL;
END
$$;
CREATE TRIGGER words_of_changed AFTER UPDATE ON shop_product
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION words_of_products();

CREATE FUNCTION words_of_variants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM write_words(array_agg(DISTINCT product_id)) FROM changed;
    RETURN NULL;
END
$$;
CREATE TRIGGER words_of_new AFTER INSERT ON shop_variant
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION words_of_variants();
CREATE TRIGGER words_of_changed AFTER UPDATE ON shop_variant
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION words_of_variants();
CREATE TRIGGER words_of_deleted AFTER DELETE ON shop_variant
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION words_of_variants();

CREATE FUNCTION words_on_shelf() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM write_words(array_agg(id)) FROM shop_product WHERE category_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER words_of_renamed AFTER UPDATE OF name ON shop_category
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION words_on_shelf();

-- Row by row, because stock items change all day, and hardly ever their SKU.
CREATE FUNCTION words_of_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM write_words(array_agg(product_id)) FROM shop_variant WHERE stock_item_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER words_of_renamed AFTER UPDATE OF sku ON inventory_stockitem
    FOR EACH ROW WHEN (OLD.sku IS DISTINCT FROM NEW.sku) EXECUTE FUNCTION words_of_stock();

INSERT INTO shop_productwords (product_id, document, spelled) SELECT id, '', '' FROM shop_product;
SELECT write_words(array_agg(id)) FROM shop_product;
"""

DROP = """
DROP TRIGGER words_of_renamed ON inventory_stockitem;
DROP FUNCTION words_of_stock();
DROP TRIGGER words_of_renamed ON shop_category;
DROP FUNCTION words_on_shelf();
DROP TRIGGER words_of_deleted ON shop_variant;
DROP TRIGGER words_of_changed ON shop_variant;
DROP TRIGGER words_of_new ON shop_variant;
DROP FUNCTION words_of_variants();
DROP TRIGGER words_of_changed ON shop_product;
DROP FUNCTION words_of_products();
DROP TRIGGER words_of_new ON shop_product;
DROP FUNCTION words_of_new_products();
DROP FUNCTION write_words(bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("inventory", "0007_damaged_and_undone_receipts"),
        ("shop", "0014_inquiries"),
    ]

    operations = [
        TrigramExtension(),
        migrations.CreateModel(
            name="ProductWords",
            fields=[
                (
                    "product",
                    models.OneToOneField(
                        on_delete=models.CASCADE,
                        primary_key=True,
                        related_name="words",
                        serialize=False,
                        to="shop.product",
                    ),
                ),
                ("document", SearchVectorField(editable=False)),
                ("spelled", models.TextField(editable=False)),
            ],
            options={
                "indexes": [
                    GinIndex(fields=["document"], name="product_words_by_stem", fastupdate=False),
                    GinIndex(
                        OpClass("spelled", name="gin_trgm_ops"), name="product_words_by_letters", fastupdate=False
                    ),
                ],
            },
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
