"""Tables by hand in the languages of shops: every column is known by its name alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog.names.columns import LOOKS, PRICES, SIZES, standard_name
from catalog.names.hidden import is_hidden
from tests.catalog.shops import read

LANGUAGES = {
    "ar": "رمز المنتج|اسم المنتج|السعر|سعر التكلفة|المورد|اللون|المقاس|الكمية|الصورة|الحالة|نشط|غير نشط",
    "bg": "Код|Наименование|Цена|Доставна цена|Доставчик|Цвят|Размер|Наличност|Снимка|Статус|активен|неактивен",
    "cs": "Kód|Název|Cena s DPH|Nákupní cena|Dodavatel|Barva|Velikost|Skladem|Obrázek|Stav|aktivní|neaktivní",
    "da": "Varenummer|Varenavn|Pris|Kostpris|Leverandør|Farve|Størrelse|Lager|Billede|Status|aktiv|udgået",
    "de": "Artikelnummer|Bezeichnung|VK-Preis|EK-Preis|Lieferant|Farbe|Größe|Bestand|Bild|Status|aktiv|inaktiv",
    "el": "Κωδικός|Ονομασία|Τιμή|Τιμή αγοράς|Προμηθευτής|Χρώμα|Μέγεθος|Απόθεμα|Εικόνα|Κατάσταση|ενεργό|ανενεργό",
    "es": "Código|Nombre|Precio|Precio de compra|Proveedor|Color|Talla|Existencias|Imagen|Estado|activo|inactivo",
    "et": "Tootekood|Nimetus|Hind|Ostuhind|Tarnija|Värv|Suurus|Laoseis|Pilt|Olek|aktiivne|mitteaktiivne",
    "fa": "کد محصول|نام محصول|قیمت|قیمت خرید|تامین کننده|رنگ|سایز|موجودی|تصویر|وضعیت|فعال|غیرفعال",
    "fi": "Tuotenumero|Tuotenimi|Hinta|Ostohinta|Toimittaja|Väri|Koko|Varastosaldo|Kuva|Tila|aktiivinen|poistettu",
    "fr": "Référence|Désignation|Prix TTC|Prix d'achat|Fournisseur|Couleur|Taille|Quantité|Photo|Statut|actif|inactif",
    "he": 'מק"ט|שם מוצר|מחיר|מחיר עלות|ספק|צבע|מידה|מלאי|תמונה|סטטוס|פעיל|לא פעיל',
    "hr": "Šifra|Naziv|Cijena|Nabavna cijena|Dobavljač|Boja|Veličina|Zaliha|Slika|Status|aktivan|neaktivan",
    "hu": "Cikkszám|Megnevezés|Bruttó ár|Beszerzési ár|Beszállító|Szín|Méret|Készlet|Kép|Állapot|aktív|inaktív",
    "id": "Kode Produk|Nama Produk|Harga Jual|Harga Beli|Pemasok|Warna|Ukuran|Stok|Gambar|Status|aktif|nonaktif",
    "it": "Codice|Nome prodotto|Prezzo|Costo|Fornitore|Colore|Taglia|Giacenza|Immagine|Stato|attivo|disattivo",
    "ja": "商品コード|商品名|販売価格|仕入価格|仕入先|カラー|サイズ|在庫数|商品画像|公開状態|公開|非公開",
    "ko": "상품코드|상품명|판매가|매입가|공급업체|색상|사이즈|재고수량|이미지|판매상태|판매중|판매중지",
    "lt": "Prekės kodas|Pavadinimas|Kaina|Savikaina|Tiekėjas|Spalva|Dydis|Likutis|Nuotrauka|Būsena|aktyvus|neaktyvus",
    "lv": "Preces kods|Nosaukums|Cena|Iepirkuma cena|Piegādātājs|Krāsa|Izmērs|Atlikums|Attēls|Statuss|aktīvs|neaktīvs",
    "nb": "Varenummer|Varenavn|Pris|Innkjøpspris|Leverandør|Farge|Størrelse|Beholdning|Bilde|Status|aktiv|utgått",
    "nl": "Artikelcode|Naam|Verkoopprijs|Inkoopprijs|Leverancier|Kleur|Maat|Voorraad|Afbeelding|Status|actief|inactief",
    "pl": "Kod|Nazwa|Cena brutto|Cena zakupu|Dostawca|Kolor|Rozmiar|Ilość|Zdjęcie|Status|aktywny|nieaktywny",
    "pt": "Código|Nome do produto|Preço|Preço de custo|Fornecedor|Cor|Tamanho|Estoque|Imagem|Situação|ativo|inativo",
    "ro": "Cod produs|Denumire|Preț|Preț achiziție|Furnizor|Culoare|Mărime|Stoc|Imagine|Stare|activ|inactiv",
    "ru": "Артикул|Название|Цена|Закупочная цена|Поставщик|Цвет|Размер|Остаток|Фото|Статус|активен|неактивен",
    "sk": "Kód|Názov|Cena|Nákupná cena|Dodávateľ|Farba|Veľkosť|Skladom|Obrázok|Stav|aktívny|neaktívny",
    "sl": "Šifra|Naziv|Cena|Nabavna cena|Dobavitelj|Barva|Velikost|Zaloga|Slika|Stanje|aktiven|neaktiven",
    "sv": "Artikelnummer|Benämning|Pris|Inköpspris|Leverantör|Färg|Storlek|Lagersaldo|Bild|Status|aktiv|utgått",
    "th": "รหัสสินค้า|ชื่อสินค้า|ราคา|ต้นทุน|ผู้จัดจำหน่าย|สี|ไซส์|จำนวนคงเหลือ|รูปภาพ|สถานะ|เปิดขาย|ปิดขาย",
    "tr": "Ürün Kodu|Ürün Adı|Satış Fiyatı|Alış Fiyatı|Tedarikçi|Renk|Beden|Stok Adedi|Resim|Durum|aktif|pasif",
    "uk": "Артикул|Назва|Ціна|Собівартість|Постачальник|Колір|Розмір|Залишок|Фото|Відображати|так|ні",
    "vi": "Mã sản phẩm|Tên sản phẩm|Giá bán|Giá nhập|Nhà cung cấp|Màu sắc|Kích thước|Tồn kho|Hình ảnh|Trạng thái|"
    "đang bán|ngừng bán",
    "zh": "货号|商品名称|售价|成本价|供应商|颜色|尺码|库存|主图|状态|上架|下架",
    "zh-TW": "商品編號|商品名稱|售價|成本|供應商|顏色|尺寸|庫存|圖片|狀態|上架|下架",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_columns_of_a_language_are_known(tmp_path: Path, language: str) -> None:
    names = LANGUAGES[language].split("|")
    id, title, price, cost, supplier, colour, size, stock, picture, status, sold, unsold = names
    rows = [
        {id: f"{at + 7}", title: f"T{at}", price: "9", cost: "4", supplier: "X", colour: "c", size: "M", stock: count,
         picture: "", status: said}
        for at, (count, said) in enumerate([("3", sold), ("0", sold), ("3", unsold)])
    ]  # fmt: skip
    (product,) = catalog = read(tmp_path, rows)
    assert (product.id, product.title) == ("7", "T0")
    assert [one.reason for one in catalog.left_out] == [f"{stock} is 0", f"{status} is {unsold}"]
    assert is_hidden(cost)
    assert is_hidden(supplier)
    assert standard_name(price) in PRICES
    assert standard_name(colour) in LOOKS
    assert standard_name(size) in SIZES
    special = catalog.special
    assert special is not None
    assert special.pictures == (picture,)
