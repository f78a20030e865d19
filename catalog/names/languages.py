"""Column names and states in languages in which the known shop systems do not export, as people write them by hand."""

IDS = """
    kód kod код κωδικός tootekood کدمحصول šifra šifraproizvoda kodeproduk prekėskodas preceskods codprodus
    商品編號 貨號 รหัส mãsp mãhàng kodtowaru koodi
"""
TITLES = """
    varenavn varebetegnelse ονομασία nimetus ناممحصول naziv nazivproizvoda megnevezés namaproduk namabarang
    nomeprodotto nomeproduto pavadinimas nosaukums denumireprodus 商品名稱 tênsp tênhàng názevzboží nazwatowaru
    názovproduktu
"""
PICTURES = """
    снимка pilt تصویر slika slike gambar imagem imagens nuotrauka attēls imagine imagini obrázok obrázky 圖片
    ảnh ภาพ zdjęcia φωτογραφία billeder bilder kuvat képek
"""
PRICES = """
    hind قیمت قیمتفروش cijena maloprodajnacijena ár bruttóár fogyasztóiár hargajual harga kaina preț prețvânzare
    ราคา ราคาขาย giábán giá ціна ціназнижкою стараціна 售價 prodajnacena cenasddv pardavimokaina
    pārdošanascena müügihind τιμήπώλησης
"""
LOOKS = """
    цвят رنگ warna สี màusắc màu 顏色 колір värvus farba
"""
SIZES = """
    suurus سایز اندازه veličina ukuran dydis izmērs ไซส์ ขนาด kíchthước kíchcỡ розмір размери 尺寸
"""
STOCK = """
    наличност laoseis موجودی zaliha zalihe likutis atlikums skladom skladem zaloga จำนวนคงเหลือ สต็อก คงเหลือ залишок
    кількість 庫存 庫存數量 sisastok jumlahstok sốlượng sốlượngtồn
"""
STATUS = """
    stav olek وضعیت tila állapot 公開状態 būsena statuss stare stanje สถานะ відображати наявність
    trạngthái 狀態 tìnhtrạng
"""
OUT_OF_STOCK = """
    หมด สินค้าหมด hếthàng habis stokhabis немаєвнаявності изчерпан нямавналичност rasprodano razprodano
    nimajonazalogi išparduota izpārdots läbimüüdud ناموجود 缺貨 nedostupno nedostupný vypredané
"""
NOT_SOLD = """
    غيرنشط neaktivní neaktívny neaktiven неактивен неактивний neaktivan udgået utgått utgår ανενεργό mitteaktiivne
    غیرفعال poistettu eiaktiivinen לאפעיל inaktív nonaktif tidakaktif neaktyvus neaktīvs inactiv ปิดขาย pasif ngừngbán
    ngừngkinhdoanh вилучено 停產 已下架
"""
IN_STOCK = """
    внаявності наскладі вналичност nazalihi nazalogi yrasandėlyje irnoliktavā laosolemas موجود cònhàng đangbán
    เปิดขาย มีสินค้า tersedia 有貨 現貨 skladom
"""
HIDDEN = """
    доставнацена доставчик ostuhind tarnija قیمتخرید تامینکننده nabavna dobavljač dobavitelj hargabeli hargamodal
    pemasok pirkimokaina savikaina tiekėj iepirkum pašizmaks piegādātāj ต้นทุน ผู้จัดจำหน่าย ราคาทุน giánhập giávốn nhàcungcấp
    nakupnacena
"""
