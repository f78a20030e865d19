from __future__ import annotations

import base64
import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from catalog import Address, read_catalog
from catalog.errors import ModisteError
from catalog.table import MAX_COLUMNS

JPEG = b"\xff\xd8 not decoded here"


def shop(folder: Path, table: str, *image_names: str, name: str = "catalog.csv") -> Path:
    """A shop's folder: a table, and images by name."""
    (folder / "images").mkdir()
    for image in image_names:
        (folder / "images" / image).write_bytes(JPEG)
    (folder / name).write_text(table, encoding="utf-8")
    return folder


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_is_read_with_any_usual_separator(tmp_path: Path, separator: str) -> None:
    table = "id,title,colour\n1,Red dress,red\n".replace(",", separator)
    (product,) = read_catalog(shop(tmp_path, table, "1.jpg"))
    assert (product.id, product.title, product.attributes) == ("1", "Red dress", {"colour": "red"})


def test_a_byte_order_mark_is_not_part_of_the_first_column(tmp_path: Path) -> None:
    (product,) = read_catalog(shop(tmp_path, "\ufeffid,title\n1,Red dress\n", "1.jpg"))
    assert product.id == "1"


def test_columns_are_found_by_their_usual_names(tmp_path: Path) -> None:
    (product,) = read_catalog(shop(tmp_path, "SKU,Product Name,File_Name\nA1,Red dress,x.png\n", "x.png"))
    assert (product.id, product.title) == ("A1", "Red dress")
    assert product.read_image() == JPEG


def test_columns_can_be_named(tmp_path: Path) -> None:
    folder = shop(tmp_path, "id,key,words\n1,A1,Red dress\n", "A1.webp")
    catalog = read_catalog(folder, id_column="key", title_column="words")
    assert catalog.find("A1").title == "Red dress"
    assert catalog.columns == {"id": "text"}


def test_na_is_a_word_and_an_empty_cell_is_no_value(tmp_path: Path) -> None:
    catalog = read_catalog(shop(tmp_path, "id,title,usage,season\n1,NA,NA,\n2,b,,null\n", "1.jpg", "2.jpg"))
    assert catalog[0].title == "NA"
    assert catalog[0].attributes == {"usage": "NA"}
    assert catalog[1].attributes == {"season": "null"}


def test_columns_get_the_type_that_all_their_values_have(tmp_path: Path) -> None:
    table = "id,title,price,year,new,features,code\n1,a,9.5,2012,true,hood|zip,007\n2,b,10,,no,zip,12\n"
    catalog = read_catalog(shop(tmp_path, table, "1.jpg", "2.jpg"))
    assert catalog.columns == {"price": "number", "year": "number", "new": "flag", "features": "list", "code": "text"}
    assert catalog[0].attributes == {
        "price": 9.5,
        "year": 2012,
        "new": True,
        "features": ["hood", "zip"],
        "code": "007",
    }
    assert catalog[1].attributes == {"price": 10.0, "new": False, "features": ["zip"], "code": "12"}


def test_rows_that_cannot_be_used_are_listed_with_their_line_and_reason(tmp_path: Path) -> None:
    table = "id,title\n1,a\n,b\n1,c\n4,d\n5,e,f\n"
    catalog = read_catalog(shop(tmp_path, table, "1.jpg", "5.jpg"))
    assert [product.id for product in catalog] == ["1"]
    assert [(problem.row, problem.id) for problem in catalog.problems] == [(3, None), (4, "1"), (5, "4"), (6, None)]
    reasons = [problem.reason for problem in catalog.problems]
    assert "empty" in reasons[0]
    assert "already used in row 2" in reasons[1]
    assert "no picture 4.jpg" in reasons[2]
    assert "3 values for 2 columns" in reasons[3]


def test_a_quoted_line_break_does_not_shift_the_lines_of_problems(tmp_path: Path) -> None:
    catalog = read_catalog(shop(tmp_path, 'id,title\n1,"two\nlines"\n,b\n', "1.jpg"))
    assert catalog[0].title == "two\nlines"
    assert catalog.problems[0].row == 4


def test_in_the_kaggle_layout_unquoted_commas_belong_to_the_title(tmp_path: Path) -> None:
    table = "id,gender,productDisplayName\n7,Men,Shirt, blue, striped\n"
    (product,) = read_catalog(shop(tmp_path, table, "7.jpg", name="styles.csv"))
    assert product.title == "Shirt, blue, striped"
    assert product.attributes == {"gender": "Men"}


def test_json_lines_keep_their_types_and_list_bad_lines(tmp_path: Path) -> None:
    lines = [
        json.dumps({"id": 1, "title": "a", "price": 3, "features": ["zip"], "new": False, "colour": None}),
        "{broken",
        json.dumps(["no", "object"]),
    ]
    catalog = read_catalog(shop(tmp_path, "\n".join(lines), "1.png", name="catalog.jsonl"))
    assert catalog[0].attributes == {"price": 3, "features": ["zip"], "new": False}
    assert [problem.row for problem in catalog.problems] == [2, 3]


def test_images_in_the_row_are_taken_from_base64_and_from_parquet_bytes(tmp_path: Path) -> None:
    encoded = base64.b64encode(JPEG).decode()
    (tmp_path / "a.csv").write_text(
        f'id,title,image_base64\n1,a,{encoded}\n2,b,"data:image/jpeg;base64,{encoded}"\n3,c,??\n'
    )
    catalog = read_catalog(tmp_path / "a.csv")
    assert [product.read_image() for product in catalog] == [JPEG, JPEG]
    assert "not valid base64" in catalog.problems[0].reason

    table = pyarrow.table({"id": ["1"], "title": ["a"], "image": [JPEG]})
    pyarrow.parquet.write_table(table, tmp_path / "b.parquet")
    assert read_catalog(tmp_path / "b.parquet")[0].read_image() == JPEG

    nested = pyarrow.table({"id": ["1"], "title": ["a"], "image": [{"bytes": JPEG, "path": None}]})
    pyarrow.parquet.write_table(nested, tmp_path / "c.parquet")
    assert read_catalog(tmp_path / "c.parquet")[0].read_image() == JPEG


def test_a_missing_number_in_parquet_is_not_a_value(tmp_path: Path) -> None:
    table = pyarrow.table({"id": ["1", "2"], "image": [JPEG, JPEG], "price": [1.5, float("nan")]})
    pyarrow.parquet.write_table(table, tmp_path / "catalog.parquet")
    assert [product.attributes for product in read_catalog(tmp_path)] == [{"price": 1.5}, {}]


def test_an_image_address_is_kept_and_not_fetched(tmp_path: Path) -> None:
    catalog = read_catalog(shop(tmp_path, "id,title,image\n1,a,//shop.example/1.jpg\n2,b,2.jpg\n", "2.jpg"))
    assert catalog[0].image == Address("https://shop.example/1.jpg")
    with pytest.raises(ModisteError, match="address that was not fetched"):
        catalog[0].read_image()


def test_images_may_be_in_another_folder(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "1.jpeg").write_bytes(JPEG)
    (tmp_path / "table.csv").write_text("id,title\n1,a\n")
    catalog = read_catalog(tmp_path / "table.csv", images=tmp_path / "elsewhere")
    assert catalog[0].image == tmp_path / "elsewhere" / "1.jpeg"


def test_a_catalogue_can_be_read_without_its_images(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("id,title\n1,a\n")
    product = read_catalog(tmp_path / "table.csv", images_required=False)[0]
    with pytest.raises(ModisteError, match="Product 1 has no picture"):
        product.read_image()


def test_a_missing_image_is_an_error_that_names_product_and_path(tmp_path: Path) -> None:
    product = read_catalog(shop(tmp_path, "id,title\n1,a\n", "1.jpg"))[0]
    (tmp_path / "images" / "1.jpg").unlink()
    with pytest.raises(ModisteError, match=r"product 1 cannot be read: .*1\.jpg"):
        product.read_image()


def test_products_with_one_photograph_have_one_hash(tmp_path: Path) -> None:
    catalog = read_catalog(shop(tmp_path, "id,title\n1,a\n2,b\n", "1.jpg", "2.jpg"))
    assert catalog[0].image_hash() == catalog[1].image_hash()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("catalog.csv", b"", "no column that looks like the id|empty table"),
        ("catalog.csv", b"id,title\n", "empty table with the columns id, title"),
        ("catalog.csv", b"name,colour\na,red\n", "no column that looks like the id.*name, colour"),
        ("catalog.csv", b"id,id\n1,2\n", "two columns with the same name: id"),
        ("catalog.csv", b"id,title\n,a\n", "None of the 1 rows.*row 2: the column id is empty"),
        ("catalog.jsonl", b"nothing\n", "No line .* is a JSON object"),
        ("catalog.parquet", b"nothing", "cannot be read as Parquet"),
    ],
)
def test_a_fault_of_the_whole_table_is_an_error_with_a_hint(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModisteError, match=message) as caught:
        read_catalog(tmp_path)
    assert caught.value.hint


def test_a_folder_must_hold_exactly_one_catalogue(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="holds no catalogue"):
        read_catalog(tmp_path)
    (tmp_path / "catalog.csv").write_text("id\n1\n")
    (tmp_path / "catalog.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(ModisteError, match=r"several catalogues: catalog\.csv, catalog\.jsonl"):
        read_catalog(tmp_path)


def test_a_missing_path_a_wrong_column_and_an_unknown_id_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ModisteError, match="There is no catalogue at"):
        read_catalog(tmp_path / "none.csv")
    folder = shop(tmp_path, "id,title\n1,a\n", "1.jpg")
    with pytest.raises(ModisteError, match=r"no column 'sku'.*id, title"):
        read_catalog(folder, id_column="sku")
    with pytest.raises(ModisteError, match="no product '2'"):
        read_catalog(folder).find("2")


@pytest.mark.parametrize("within", [False, True])
def test_a_table_with_too_many_columns_is_refused(tmp_path: Path, within: bool) -> None:
    rows: list[dict[str, object]] = []
    for number in range(MAX_COLUMNS):
        own = {f"key {number}": number}
        rows.append({"id": str(number), "title": "Hat", **({"stores": own} if within else own)})
    (tmp_path / "catalog.json").write_text(json.dumps(rows))
    with pytest.raises(ModisteError, match=r"more than 2,000 columns, such as key 1\d{3}"):
        read_catalog(tmp_path / "catalog.json", images_required=False)
