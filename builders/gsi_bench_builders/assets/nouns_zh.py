"""Chinese words for household nouns, for assets that bring English ones only."""

from __future__ import annotations

__all__ = ["NOUNS_ZH", "chinese"]

# One Chinese word for one kind of object: to an instruction, nouns that share a word are the same kind.
_TABLE = """
    alarm clock 闹钟, apple 苹果, ashtray 烟灰缸, avocado 牛油果, backpack 背包, bag 包, ball 球, balloon 气球, banana 香蕉,
    basin 盆, basket 篮子, basketball 篮球, battery 电池, beer bottle 啤酒瓶, bell 铃铛, bell pepper 甜椒, belt 皮带,
    binder 文件夹, blender 搅拌机, book 书, bookend 书立, bottle 瓶子, bowl 碗, box 盒子, bread 面包, broccoli 西兰花,
    brush 刷子, bucket 桶, burger 汉堡, butter 黄油, cabbage 卷心菜, cake 蛋糕, cake stand 蛋糕架, calculator 计算器,
    calendar 台历, can 易拉罐, candle 蜡烛, candle holder 烛台, candlestick 蜡烛台, candy 糖果, carafe 玻璃水瓶, card 卡片,
    carrot 胡萝卜, carton 纸盒, casserole 炖锅, cereal box 麦片盒, charger 充电器, cheese 奶酪, cherry 樱桃,
    chessboard 国际象棋棋盘, chocolate 巧克力, chopping board 切菜板, chopsticks 筷子, clock 时钟, coaster 杯垫,
    coffee cup 咖啡杯, coffee grinder 咖啡研磨机, coffee machine 咖啡机, coffee maker 煮咖啡器, coffee mug 咖啡马克杯,
    coffee pot 咖啡壶, coin 硬币, comb 梳子, computer 电脑, cookie 曲奇, cookie jar 饼干罐, corkscrew 开瓶器, corn 玉米,
    cosmetic bottle 化妆品瓶, cream 面霜, croissant 可颂, cucumber 黄瓜, cup 杯子, cupcake 纸杯蛋糕, cutting board 砧板,
    desk lamp 台灯, dice 骰子, dish 碟子, dish rack 碗架, doll 玩偶, donut 甜甜圈, dumbbell 哑铃, egg 鸡蛋,
    egg carton 鸡蛋盒, eggplant 茄子, envelope 信封, eraser 橡皮, fan 风扇, faucet 水龙头, figurine 小雕像,
    file holder 文件架, fish 鱼, flashlight 手电筒, flower 花, flower pot 花盆, food processor 食物料理机, fork 叉子,
    frying pan 煎锅, funnel 漏斗, game controller 游戏手柄, garlic 大蒜, gift box 礼盒, glass 玻璃杯, glasses 眼镜,
    globe 地球仪, glove 手套, glue 胶水, goblet 高脚杯, grape 葡萄, grater 刨丝器, guitar 吉他, hair dryer 吹风机,
    hairbrush 发刷, hairspray 发胶, hammer 锤子, hand cream 护手霜, handbag 手提包, hat 帽子, headphones 耳机,
    hole punch 打孔机, hourglass 沙漏, ice bucket 冰桶, iron 熨斗, jar 罐子, jewelry box 首饰盒, jug 壶, juicer 榨汁机,
    ketchup 番茄酱, kettle 烧水壶, key 钥匙, keyboard 键盘, knife 刀, knife block 刀架, ladle 汤勺, lamp 灯, lantern 灯笼,
    laptop 笔记本电脑, lemon 柠檬, lighter 打火机, lipstick 口红, loaf of bread 整条面包, lotion 乳液,
    lotion bottle 乳液瓶, magazine 杂志, magnifying glass 放大镜, mango 芒果, marker 记号笔, medicine bottle 药瓶,
    microphone 麦克风, microwave 微波炉, milk carton 牛奶盒, mirror 镜子, mixer 打蛋机, mixing bowl 搅拌碗, monitor 显示器,
    mortar 研钵, mouse 鼠标, mouse pad 鼠标垫, mug 马克杯, mushroom 蘑菇, nail polish 指甲油, napkin 餐巾,
    napkin holder 餐巾架, necklace 项链, newspaper 报纸, notebook 笔记本, notepad 便签本, onion 洋葱, orange 橙子,
    oven 烤箱, pan 平底锅, paper 纸, paper towel 厨房纸, peach 桃子, pear 梨, pen 钢笔, pen holder 笔筒, pencil 铅笔,
    pencil case 铅笔盒, pencil sharpener 卷笔刀, pepper mill 胡椒研磨器, pepper shaker 胡椒瓶, perfume 香水,
    perfume bottle 香水瓶, phone 电话, picture frame 相框, pineapple 菠萝, pitcher 水壶, pizza 披萨, placemat 餐垫,
    plant 植物, plate 盘子, platter 大盘, pot 锅, potato 土豆, potted plant 盆栽, printer 打印机, pumpkin 南瓜,
    purse 钱包, puzzle 拼图, radio 收音机, razor 剃须刀, remote control 遥控器, rice cooker 电饭锅, ring 戒指,
    rolling pin 擀面杖, router 路由器, ruler 尺子, salad bowl 沙拉碗, salt shaker 盐瓶, sandwich 三明治, saucepan 奶锅,
    saucer 茶碟, scale 秤, scissors 剪刀, sculpture 雕塑, shampoo bottle 洗发水瓶, shoe 鞋, sink 水槽, skillet 长柄锅,
    smartphone 智能手机, soap 肥皂, soap dish 肥皂盒, soap dispenser 皂液器, soda can 汽水罐, spatula 锅铲, speaker 音箱,
    spice jar 调料罐, sponge 海绵, spoon 勺子, spray bottle 喷雾瓶, stapler 订书机, statue 雕像, sticky notes 便利贴,
    stove 炉灶, strawberry 草莓, sugar bowl 糖罐, sunglasses 太阳镜, table lamp 桌灯, tablet 平板电脑, tape 胶带,
    tape dispenser 胶带座, tea cup 茶杯, tea tin 茶叶罐, teapot 茶壶, teddy bear 泰迪熊, telephone 座机,
    television 电视机, tennis ball 网球, thermos 保温杯, tissue box 纸巾盒, toaster 烤面包机, toilet paper 卫生纸,
    tomato 番茄, tongs 夹子, toothbrush 牙刷, toothbrush holder 牙刷架, toothpaste 牙膏, towel 毛巾, toy 玩具,
    toy car 玩具车, tray 托盘, trophy 奖杯, umbrella 雨伞, utensil holder 餐具筒, vase 花瓶, wallet 皮夹, watch 手表,
    water bottle 水瓶, watermelon 西瓜, whisk 打蛋器, wine bottle 葡萄酒瓶, wine glass 葡萄酒杯, wok 炒锅
"""

NOUNS_ZH: dict[str, str] = {}
for _entry in " ".join(_TABLE.split()).split(", "):
    _english, _, _chinese = _entry.rpartition(" ")
    NOUNS_ZH[_english] = _chinese

# Other spellings of the same objects.
_ALSO = {
    "cell phone": "smartphone",
    "cellphone": "smartphone",
    "computer keyboard": "keyboard",
    "computer monitor": "monitor",
    "computer mouse": "mouse",
    "doughnut": "donut",
    "drinking glass": "glass",
    "eyeglasses": "glasses",
    "flowerpot": "flower pot",
    "hairdryer": "hair dryer",
    "headphone": "headphones",
    "jewellery box": "jewelry box",
    "mobile phone": "smartphone",
    "photo frame": "picture frame",
    "remote": "remote control",
    "teacup": "tea cup",
    "tissue holder": "tissue box",
    "tv": "television",
    "wineglass": "wine glass",
}


def chinese(noun: str) -> str | None:
    """The Chinese word for an English noun (lower case, singular); None where it is not known.

    >>> chinese("teacup"), chinese("flux capacitor")
    ('茶杯', None)
    """
    return NOUNS_ZH.get(_ALSO.get(noun, noun))
